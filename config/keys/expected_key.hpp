// The key that an operator expects at a selector, told in one of four ways: fingerprint, record, public key,
// private key. It compares nothing with what is published: checks do.
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

/// A SHA-256 over the SubjectPublicKeyInfo in DER: 64 hexadecimal digits, in pairs with colons if wanted. The
/// mistake has no place.
[[nodiscard]] Result<KeyIdentity> read_fingerprint(std::string_view text);

/// The text of a key record (RFC 6376 section 3.6.1) as it should be published, its strings joined. It is the
/// operator's own text, so what is not right in it is a mistake and is not guessed at. The mistake has no
/// place.
[[nodiscard]] Result<KeyIdentity> read_expected_record(std::string_view text);

/// What `--key FILE` named.
struct KeyFile {
  enum class Kind : std::uint8_t { private_key, public_key, record };

  Kind kind = Kind::private_key;
  KeyIdentity identity{};
  std::string record{};                 ///< the text of a record, its strings joined; raw
  std::vector<std::string> warnings{};  ///< see `PrivateKeyFacts`
};

/// A private key, a public key or a key record, whichever it is: as its text, or as a zone file has it, in
/// quotation marks. `-` is standard input, and a pipe is read to its end.
[[nodiscard]] Result<KeyFile> read_key_file(const std::filesystem::path& path,
                                            const PassphraseSource& passphrase);

}  // namespace dkimprobe::config
