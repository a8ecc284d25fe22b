// Reads private keys, encrypted or not, for their public facts alone: no private part leaves this folder, and
// the memory that held it is wiped.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/basics/result.hpp"
#include "config/keys/key_identity.hpp"
#include "config/keys/passphrase.hpp"

namespace dkimprobe::config {

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

}  // namespace dkimprobe::config
