// The flags of every command that asks servers: which domain, which servers, and how.
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

/// What the flags bring, before it is understood.
struct AskTexts {
  std::vector<std::string> nameservers{};
  std::vector<std::string> networks{};
  std::string root_hints{};
  std::string settings_file{};
  std::string storage{};
  bool only_ipv4 = false;
  bool only_ipv6 = false;
  std::list<std::pair<const config::Option*, std::string>> options{};
};

/// All of them but `--storage.path`, whose meaning each command tells itself.
void declare_ask(Flags& flags, AskTexts& texts);

/// What `declare_ask` and `declare_storage` declared, but for the settings file: it decides what else must be
/// given, and so is read first.
void read_ask(const Flags& flags, const AskTexts& texts, CheckCommand& command, config::Errors& errors);

/// DOMAIN SELECTOR..., after the flags that name a message or a settings file.
void read_names(const std::vector<std::string>& positionals, CheckCommand& command, config::Errors& errors);

/// One of `config::probe_options`.
[[nodiscard]] const config::Option* probe_option(std::string_view key);

}  // namespace dkimprobe::cli
