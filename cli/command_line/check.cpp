#include "cli/command_line/commands.hpp"

#include <chrono>

#include <fmt/format.h>

#include "cli/command_line/ask_flags.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::cli {
namespace {

using config::Errors;
using config::Result;

constexpr std::string_view check_help_start = R"(Examples
  dkimprobe check example.com s1
  dkimprobe check example.com s1 s2 --json
  dkimprobe check example.com new --role pending
  dkimprobe check example.com s1 --nameserver ns1.example.com=192.0.2.1
  dkimprobe check --message mail.eml
  dkimprobe check --config.file settings.yaml
  dkimprobe check example.com s1 --plugin                    Icinga and Nagios
  dkimprobe check example.com s1 --textfile dir/dkim.prom    node_exporter

Usage
  dkimprobe check DOMAIN SELECTOR... [FLAGS]
  dkimprobe check --message FILE [FLAGS]
  dkimprobe check [DOMAIN] --config.file FILE [FLAGS]

  DOMAIN is d= and SELECTOR is s= of the DKIM-Signature field of a message.
)";

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
                  "take domains and selectors from the DKIM-Signature fields of this message, and compare "
                  "these fields with the records; `-` is standard input. No signature is verified");
  declare_output(flags, texts.output, "one JSON object on standard output");
  flags.toggle(plugin_flag, texts.plugin,
               "output for Icinga and Nagios: one line with performance data, only exit codes 0 to 3; "
               "--probe-timeout defaults to 9s",
               output_group);
  flags.value("--textfile", texts.textfile, "FILE",
              "write metrics to this file and print nothing, for node_exporter, which reads DIR/*.prom",
              output_group);
  flags.value("--save", texts.save, "FILE", "store the servers' answers in this file, for `dkimprobe judge`",
              output_group);
  declare_role(flags, texts.role);
  declare_ask(flags, texts.ask);
  declare_storage(
      flags, texts.ask.storage,
      "directory of the history: evaluate with earlier probes and add this one; see `dkimprobe history`");
  flags.toggle("--config.check", texts.only_check_settings,
               "read the settings file, print all errors, ask no server", settings_group);
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
  const bool has_settings_file = command.ask.settings_file.has_value();
  if (command.only_check_settings && !has_settings_file) {
    errors.push_back({"--config.check", "no settings file given; add --config.file FILE"});
  } else if (!command.message) {
    read_names(texts.positionals, has_settings_file, command.targets, errors);
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
