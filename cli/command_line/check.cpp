#include "cli/command_line/commands.hpp"

#include <chrono>

#include <fmt/format.h>

#include "cli/command_line/ask_flags.hpp"
#include "cli/command_line/names.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::cli {
namespace {

using config::Errors;
using config::Result;

constexpr std::string_view check_help_start = R"(Examples
  dkimprobe check example.com s1
  dkimprobe check example.com s1 s2 --json
  dkimprobe check example.com s1 --nameserver ns1.example.com=192.0.2.1
  dkimprobe check --message mail.eml

Usage
  dkimprobe check DOMAIN SELECTOR... [FLAGS]
  dkimprobe check --message FILE [FLAGS]
  dkimprobe check [DOMAIN] --config.file FILE [FLAGS]

  Asks every nameserver of DOMAIN for the keys of the selectors, and reports
  faults and how to fix them. DOMAIN is d= and SELECTOR is s= of the
  DKIM-Signature field of a message.

Exit codes
  0 nothing worse than a notice   1 warning   2 critical   3 unknown
  64 usage error   70 internal error   78 settings error   130 interrupted
)";

constexpr std::string_view no_selector =
    "no selector given. The selector is s= in the DKIM-Signature field of a message from the domain (in a "
    "mail program: show the message's source); then run: dkimprobe check DOMAIN SELECTOR. Or pass that "
    "source with --message FILE, or list your selectors in a settings file: --config.file FILE";

/// Plugin runners give up after ten seconds.
constexpr std::chrono::milliseconds plugin_time{9'000};

struct CheckTexts {
  AskTexts ask{};
  std::vector<std::string> positionals{};
  OutputTexts output{};
  std::string role{};
  std::string message{};
  std::string save{};
  std::string textfile{};
  bool plugin = false;
  bool only_check_settings = false;
};

void declare_check(Flags& flags, CheckTexts& texts) {
  flags.positionals(texts.positionals);
  declare_message(flags, texts.message,
                  "take names from the DKIM-Signature fields of this message (`-`: standard input), and "
                  "compare the fields with the records; no signature is verified");
  declare_output(flags, texts.output, "one JSON object on standard output");
  flags.toggle(plugin_flag, texts.plugin,
               "output for Icinga and Nagios, exit codes 0 to 3; --probe-timeout defaults to 9s",
               output_group);
  flags.value("--textfile", texts.textfile, "FILE", "write metrics to it for node_exporter, print nothing",
              output_group);
  flags.value("--save", texts.save, "FILE", "store the servers' answers in this file, for judge",
              output_group);
  declare_role(flags, texts.role);
  declare_ask(flags, texts.ask);
  declare_storage(flags, texts.ask.storage, "directory of the history: use earlier probes and add this one");
  declare_config_check(flags, texts.only_check_settings);
}

/// Reads the flags of outputs that replace the tables.
void read_outlets(const Flags& flags, const CheckTexts& texts, CheckCommand& command, Errors& errors) {
  command.plugin = texts.plugin;
  read_file_name(flags, "--textfile", texts.textfile, command.textfile, errors);
  std::vector<std::string_view> given;
  if (command.output.json) given.emplace_back("--json");
  if (command.plugin) given.emplace_back(plugin_flag);
  if (command.textfile) given.emplace_back("--textfile");
  if (given.size() > 1) {
    errors.push_back({fmt::format("{}", fmt::join(given, " ")), "they exclude each other; choose one"});
  }
  if (!command.plugin && !command.textfile) return;
  const std::string flag = command.plugin ? plugin_flag : "--textfile";
  if (command.message)
    errors.push_back({flag, "it reports on selectors, not on a message; leave out either it or --message"});
  if (command.only_check_settings)
    errors.push_back(
        {flag, "--config.check asks no server, so there is nothing to report; leave one of them out"});
  if (command.plugin && !flags.given("--probe-timeout")) {
    command.ask.probe.budgets.domain_time = plugin_time;
    command.ask.given_options.push_back(probe_option("probe-timeout"));
  }
}

/// Reads DOMAIN SELECTOR..., of which a settings file allows fewer.
void read_check_names(const Flags& flags, const CheckTexts& texts, CheckCommand& command, Errors& errors) {
  const bool has_settings_file = command.ask.settings_file.has_value();
  if (texts.positionals.empty()) {
    if (!has_settings_file)
      errors.push_back({"", "no domain given; usage: dkimprobe check DOMAIN SELECTOR..."});
    return;
  }
  const std::size_t before = errors.size();
  read_names(flags, texts.positionals, command.targets, errors);
  // An error in the domain may already suggest the selector.
  if (texts.positionals.size() == 1 && !has_settings_file && errors.size() == before)
    errors.push_back({"", std::string(no_selector)});
}

}  // namespace

Result<Command> read_check(std::span<const std::string> arguments) {
  Flags flags;
  CheckTexts texts;
  declare_check(flags, texts);
  if (auto parsed = flags.read("check", arguments); !parsed) return tl::unexpected(parsed.error());
  if (texts.output.help) return TextWanted{flags.help(check_help_start)};

  CheckCommand command;
  Errors errors;
  read_file_name(flags, "--config.file", texts.ask.settings_file, command.ask.settings_file, errors);
  read_file_name(flags, "--message", texts.message, command.message, errors);
  command.only_check_settings = texts.only_check_settings;
  if (command.only_check_settings && !command.ask.settings_file) {
    errors.push_back({"--config.check", "no settings file given; add --config.file FILE"});
  } else if (!command.message) {
    read_check_names(flags, texts, command, errors);
  } else if (!texts.positionals.empty()) {
    errors.push_back(
        {config::escape_text(texts.positionals.front(), 80),
         "the message names the domains and selectors; leave out either the names or --message"});
  }
  read_ask(flags, texts.ask, command.ask, errors);
  if (flags.given("--role")) take(read_role(texts.role), command.targets.role.emplace(), errors);
  read_output(flags, texts.output, command.output, errors);
  read_outlets(flags, texts, command, errors);
  read_file_name(flags, "--save", texts.save, command.save, errors);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return command;
}

}  // namespace dkimprobe::cli
