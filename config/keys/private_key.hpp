// Files and texts with keys, read for what is public in them: no private part leaves this file pair, and the
// memory that held it is wiped. It signs nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/basics/result.hpp"
#include "config/keys/key_identity.hpp"
#include "config/keys/passphrase.hpp"

namespace dkimprobe::config {

// The largest key that makes sense has a few thousand octets; comments before the PEM lines may add to it.
inline constexpr std::size_t longest_key_file = 65'536;

enum class KeyForm : std::uint8_t { private_key, public_key, other };

/// What bytes hold, by their looks alone: whether the key can be read is not tried.
[[nodiscard]] KeyForm key_form(std::string_view bytes);

/// What a private key says of itself.
struct PrivateKeyFacts {
  KeyIdentity identity{};
  /// What is allowed and yet worth telling: a key or a passphrase that everybody can read. Sentences.
  std::vector<std::string> warnings{};
};

/// The warning about a file of a private key that others can read.
[[nodiscard]] std::string private_key_readable(std::string_view name);

/// A private key in PEM or DER (PKCS#1, PKCS#8), encrypted or not, RSA or Ed25519. `name` is how people know
/// it. A mistake about the key has no place, one about the passphrase may have that of its source.
[[nodiscard]] Result<PrivateKeyFacts> read_private_key_bytes(std::string_view bytes, std::string_view name,
                                                             const PassphraseSource& passphrase);

/// The same from a regular file. The mistake is at the path.
[[nodiscard]] Result<PrivateKeyFacts> read_private_key_file(const std::filesystem::path& path,
                                                            const PassphraseSource& passphrase);

/// A public key in PEM or DER (SubjectPublicKeyInfo, PKCS#1), RSA or Ed25519. The mistake is at the path.
[[nodiscard]] Result<KeyIdentity> read_public_key_file(const std::filesystem::path& path);

/// The same from memory. The mistake has no place.
[[nodiscard]] Result<KeyIdentity> read_public_key_bytes(std::string_view bytes);

/// 32 octets of Ed25519, as they stand in a record (RFC 8463 section 4.2). The mistake has no place.
[[nodiscard]] Result<KeyIdentity> read_raw_ed25519(std::string_view octets);

/// What the bytes are when they are no key, for the end of a sentence: "a certificate"; empty when unknown.
[[nodiscard]] std::string_view name_other_form(std::string_view bytes);

}  // namespace dkimprobe::config
