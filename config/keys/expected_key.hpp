// The key that an operator expects at a selector, given in one of four ways: fingerprint, record, public key,
// private key. Checks compare it with the published key.
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

/// Reads the SHA-256 of the SubjectPublicKeyInfo in DER: 64 hexadecimal digits, optionally in pairs with
/// colons. The error has no place.
[[nodiscard]] Result<KeyIdentity> read_fingerprint(std::string_view text);

/// Reads the text of a key record (RFC 6376 section 3.6.1) as it should be published, with its strings
/// joined. It is the operator's own text, so any fault in it is an error. The error has no place.
[[nodiscard]] Result<KeyIdentity> read_expected_record(std::string_view text);

/// The content of `--key FILE`.
struct KeyFile {
  enum class Kind : std::uint8_t { private_key, public_key, record };

  Kind kind = Kind::private_key;
  KeyIdentity identity{};
  std::string record{};                 ///< the text of a record with its strings joined; raw
  std::vector<std::string> warnings{};  ///< see `PrivateKeyFacts`
};

/// Reads a private key, a public key or a key record; a record may be plain text or quoted as in a zone file.
/// `-` is standard input, and a pipe is read to its end.
[[nodiscard]] Result<KeyFile> read_key_file(const std::filesystem::path& path,
                                            const PassphraseSource& passphrase);

}  // namespace dkimprobe::config
