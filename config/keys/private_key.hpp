// Reads the public part of keys from files and texts: no private part leaves these two files, and the memory
// that held it is wiped.
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

/// What bytes seem to hold, by their form; does not try to read the key.
[[nodiscard]] KeyForm key_form(std::string_view bytes);

/// The public facts of a private key.
struct PrivateKeyFacts {
  KeyIdentity identity{};
  /// Sentences about questionable facts: a key or a passphrase that everybody can read.
  std::vector<std::string> warnings{};
};

/// The warning about a private key file that others can read.
[[nodiscard]] std::string private_key_readable(std::string_view name);

/// Reads a private key in PEM or DER (PKCS#1, PKCS#8), encrypted or not, RSA or Ed25519. `name` is its name
/// in messages. An error in the key has no place; one about the passphrase may have the place of its source.
[[nodiscard]] Result<PrivateKeyFacts> read_private_key_bytes(std::string_view bytes, std::string_view name,
                                                             const PassphraseSource& passphrase);

/// The same from a regular file. The place of an error is the path.
[[nodiscard]] Result<PrivateKeyFacts> read_private_key_file(const std::filesystem::path& path,
                                                            const PassphraseSource& passphrase);

/// Reads a public key in PEM or DER (SubjectPublicKeyInfo, PKCS#1), RSA or Ed25519. The place of an error is
/// the path.
[[nodiscard]] Result<KeyIdentity> read_public_key_file(const std::filesystem::path& path);

/// The same from memory. The error has no place.
[[nodiscard]] Result<KeyIdentity> read_public_key_bytes(std::string_view bytes);

/// Reads the 32 octets of an Ed25519 key, as in a record (RFC 8463 section 4.2). The error has no place.
[[nodiscard]] Result<KeyIdentity> read_raw_ed25519(std::string_view octets);

/// What the bytes are if they are not a key, as the end of a sentence: "a certificate"; empty if unknown.
[[nodiscard]] std::string_view name_other_form(std::string_view bytes);

}  // namespace dkimprobe::config
