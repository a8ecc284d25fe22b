// The flags that name a key file and the source of its passphrase.
#pragma once

#include <string>

#include "cli/command_line/command_line.hpp"
#include "cli/command_line/flags.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

struct KeyTexts {
  std::string file{};
  std::string passphrase_file{};
  std::string passphrase_fd{};
};

void declare_key(Flags& flags, KeyTexts& texts);

/// Reads the flags that `declare_key` declared. `--key` must have been given.
void read_key(const Flags& flags, const KeyTexts& texts, KeyChoice& key, config::Errors& errors);

}  // namespace dkimprobe::cli
