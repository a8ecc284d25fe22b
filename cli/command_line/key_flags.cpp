#include "cli/command_line/key_flags.hpp"

#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "config/basics/escape.hpp"

namespace dkimprobe::cli {

using config::Errors;
using config::escape_text;

void declare_key(Flags& flags, KeyTexts& texts) {
  constexpr const char* key_group = "The key";
  flags.value("--key", texts.file, "FILE", "private key, public key or key record; `-` is standard input",
              key_group);
  flags.value("--passphrase-file", texts.passphrase_file, "FILE",
              "file whose first line is the passphrase of an encrypted key; without it, you are asked at the "
              "terminal",
              key_group, FlagUse::rare);
  flags.value("--passphrase-fd", texts.passphrase_fd, "NUMBER",
              "open file descriptor to read the passphrase from", key_group, FlagUse::rare);
}

void read_key(const Flags& flags, const KeyTexts& texts, KeyChoice& key, Errors& errors) {
  key.file = texts.file;
  if (texts.file.empty()) errors.push_back({"--key", "it needs a file name"});
  const bool from_file = flags.given("--passphrase-file");
  const bool from_descriptor = flags.given("--passphrase-fd");
  if (from_file && from_descriptor) {
    errors.push_back({"--passphrase-file --passphrase-fd", "use only one of them"});
  } else if (from_file) {
    key.passphrase = config::PassphraseFile{texts.passphrase_file, config::SecretFiles::regular_and_pipes};
    if (texts.passphrase_file.empty()) errors.push_back({"--passphrase-file", "it needs a file name"});
    if (texts.passphrase_file == "-")
      errors.push_back({"--passphrase-file", "for standard input, use --passphrase-fd 0"});
  } else if (from_descriptor) {
    constexpr int highest = 1'048'576;
    int number = -1;
    const char* const end = texts.passphrase_fd.data() + texts.passphrase_fd.size();
    const auto [stopped, error] = std::from_chars(texts.passphrase_fd.data(), end, number);
    if (error != std::errc{} || stopped != end || number < 0 || number > highest) {
      errors.push_back(
          {"--passphrase-fd",
           fmt::format("`{}` cannot be used: it must be the number of an open descriptor, such as "
                       "3 with 3<FILE",
                       escape_text(texts.passphrase_fd, 80))});
    }
    if (number == 0 && texts.file == "-")
      errors.push_back({"--passphrase-fd", "standard input is already used for the key"});
    key.passphrase = config::PassphraseDescriptor{number};
  }
}

}  // namespace dkimprobe::cli
