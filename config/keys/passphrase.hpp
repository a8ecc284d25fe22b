// The passphrase of an encrypted key: where it comes from, and its reading. Never from the words of the
// command line or from the environment, which other processes can see.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/basics/result.hpp"
#include "config/keys/secret_bytes.hpp"

namespace dkimprobe::config {

inline constexpr std::size_t longest_passphrase = 1024;

struct NoPassphrase {};
/// The first line of the file.
struct PassphraseFile {
  std::filesystem::path path{};
  SecretFiles files = SecretFiles::regular;
};
/// What can be read from an open descriptor, up to the end of its first line; nothing behind that is taken.
struct PassphraseDescriptor {
  int descriptor = 0;
};
/// The operator is asked, when the process has a terminal.
struct PassphrasePrompt {};

using PassphraseSource = std::variant<NoPassphrase, PassphraseFile, PassphraseDescriptor, PassphrasePrompt>;

/// The passphrase of the key that people know as `key_name`. `passphrase` has room for one more octet than
/// the longest. What is allowed and yet worth telling is added to `warnings`. A mistake that is about the key
/// and not about the source has no place.
[[nodiscard]] Result<void> read_passphrase(const PassphraseSource& source, std::string_view key_name,
                                           SecretBytes& passphrase, std::vector<std::string>& warnings);

}  // namespace dkimprobe::config
