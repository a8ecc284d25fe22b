// Files and texts with keys, read for what is public in them: no private part leaves this file pair, and the
// memory that held it is wiped. It signs nothing and opens no file that is locked with a password.
#pragma once

#include <filesystem>
#include <string_view>

#include "config/key_identity.hpp"
#include "config/result.hpp"

namespace dkimprobe::config {

/// What a file of a private key says of itself.
struct PrivateKeyFacts {
  KeyIdentity identity{};
  bool readable_by_others = false;  ///< its mode lets the group or everybody read it
};

/// A private key in PEM or DER (PKCS#1, PKCS#8), RSA or Ed25519. The mistake is at the path.
[[nodiscard]] Result<PrivateKeyFacts> read_private_key_file(const std::filesystem::path& path);

/// A public key in PEM or DER (SubjectPublicKeyInfo), RSA or Ed25519. The mistake is at the path.
[[nodiscard]] Result<KeyIdentity> read_public_key_file(const std::filesystem::path& path);

/// The same from memory. The mistake has no place.
[[nodiscard]] Result<KeyIdentity> read_public_key_bytes(std::string_view bytes);

/// 32 octets of Ed25519, as they stand in a record (RFC 8463 section 4.2). The mistake has no place.
[[nodiscard]] Result<KeyIdentity> read_raw_ed25519(std::string_view octets);

}  // namespace dkimprobe::config
