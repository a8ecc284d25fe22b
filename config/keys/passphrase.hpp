// Reads the passphrase of an encrypted key. It never comes from the command line arguments or the
// environment, which other processes can see.
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
/// The first line read from an open descriptor; later data is not consumed.
struct PassphraseDescriptor {
  int descriptor = 0;
};
/// Ask the operator, if the process has a terminal.
struct PassphrasePrompt {};

using PassphraseSource = std::variant<NoPassphrase, PassphraseFile, PassphraseDescriptor, PassphrasePrompt>;

/// Reads the passphrase of the key that messages call `key_name`. `passphrase` has room for one octet more
/// than the longest. Questionable facts are added to `warnings`. An error about the key, not the source, has
/// no place.
[[nodiscard]] Result<void> read_passphrase(const PassphraseSource& source, std::string_view key_name,
                                           SecretBytes& passphrase, std::vector<std::string>& warnings);

}  // namespace dkimprobe::config
