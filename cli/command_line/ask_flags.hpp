// The flags of every command that asks servers: which servers, and how.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command_line/command_line.hpp"
#include "cli/command_line/common_flags.hpp"
#include "cli/command_line/flags.hpp"
#include "config/basics/result.hpp"
#include "config/options.hpp"

namespace dkimprobe::cli {

/// The values of the flags as text, before they are parsed.
struct AskTexts {
  std::vector<std::string> nameservers{};
  std::vector<std::string> networks{};
  std::string root_hints{};
  std::string trust_anchor{};
  KeyListTexts key_lists{};
  std::string settings_file{};
  std::string storage{};
  bool only_ipv4 = false;
  bool only_ipv6 = false;
  std::list<std::pair<const config::Option*, std::string>> options{};
};

/// Declares those that say which servers are asked, and how.
void declare_servers(Flags& flags, AskTexts& texts);
void read_servers(const Flags& flags, const AskTexts& texts, AskOptions& ask, config::Errors& errors);

/// Declares all of them except `--storage.path`, whose help text differs between commands.
void declare_ask(Flags& flags, AskTexts& texts);

/// Reads what `declare_ask` and `declare_storage` declared, except the settings file: it decides which other
/// arguments are required, so the caller reads it first.
void read_ask(const Flags& flags, const AskTexts& texts, AskOptions& ask, config::Errors& errors);

/// One of `config::probe_options`.
[[nodiscard]] const config::Option* probe_option(std::string_view key);

}  // namespace dkimprobe::cli
