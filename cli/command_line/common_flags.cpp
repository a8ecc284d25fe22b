#include "cli/command_line/common_flags.hpp"

#include "config/basics/escape.hpp"

namespace dkimprobe::cli {
namespace {

using config::Errors;
using config::escape_text;
using config::failure;
using config::Result;

Result<ColorChoice> read_color(const std::string& text) {
  if (text == "auto") return ColorChoice::automatic;
  if (text == "always") return ColorChoice::always;
  if (text == "never") return ColorChoice::never;
  return failure("--color",
                 fmt::format("`{}` cannot be used: it must be auto, always or never", escape_text(text, 80)));
}

std::string value_word(const config::Option& option) {
  switch (option.unit) {
    case config::Unit::none:
      return "NUMBER";
    case config::Unit::bytes:
      return "BYTES";
    case config::Unit::queries_per_second:
      return "NUMBER|unlimited";
    case config::Unit::duration:
      return "TIME";
    case config::Unit::duration_or_never:
      return "TIME|never";
    case config::Unit::yes_no:
      return "yes|no";
    case config::Unit::key_size:
      return "BITS|PROFILE";
  }
  return {};
}

}  // namespace

void declare_option(Flags& flags, const config::Option& option, std::string& text, FlagUse use) {
  flags.last_value(
      fmt::format("--{}", option.key), text, value_word(option),
      fmt::format("{} ({})", option.meaning, config::format_value(option.unit, option.default_value)),
      std::string(option.group), use);
}

void declare_help(Flags& flags, bool& help) {
  flags.toggle("-h,--help", help, "show this help", output_group);
}

void declare_output(Flags& flags, OutputTexts& texts, const std::string& json_meaning) {
  flags.toggle("--json", texts.json, json_meaning, output_group);
  flags.value("--color", texts.color, "WHEN", "auto (the default), always or never", output_group,
              FlagUse::rare);
  declare_help(flags, texts.help);
}

void declare_storage(Flags& flags, std::string& storage, const std::string& meaning) {
  flags.value("--storage.path", storage, "DIR", meaning, settings_group);
}

void declare_state(Flags& flags, StateTexts& texts) {
  flags.value(
      "--state", texts.directory, "DIR",
      "without --storage.path: directory in which this command remembers what it saw, so that the next run "
      "goes on from there (dkimprobe in $XDG_STATE_HOME or in ~/.local/state)",
      settings_group, FlagUse::rare);
  flags.toggle("--no-state", texts.off, "remember nothing", settings_group, FlagUse::rare);
}

void read_state(const Flags& flags, const StateTexts& texts, bool has_storage, StateChoice& state,
                Errors& errors) {
  read_file_name(flags, "--state", texts.directory, state.directory, errors);
  state.off = texts.off;
  if (state.directory && state.off)
    errors.push_back({"--state --no-state", "they exclude each other"});
  else if (state.directory && has_storage)
    errors.push_back({"--state --storage.path", "use only one of them: the history is the state"});
}

void read_wait(const Flags& flags, const std::string& text, std::chrono::milliseconds& wait, Errors& errors) {
  constexpr std::chrono::days longest{31};
  if (!flags.given("--wait")) return;
  const auto time = config::parse_duration(text);
  if (time && *time <= longest) {
    wait = *time;
    return;
  }
  errors.push_back(
      {"--wait",
       fmt::format("`{}` cannot be used: it must be a duration of up to {}d with a unit: ms, s, m, h or d",
                   escape_text(text, 80), longest.count())});
}

void declare_config_check(Flags& flags, bool& only_check_settings) {
  flags.toggle("--config.check", only_check_settings, "check the settings file for errors, ask no server",
               settings_group);
}

void declare_role(Flags& flags, std::string& role) {
  flags.value("--role", role, "ROLE", "pending, active (the default), standby or retired",
              "What is expected");
}

void declare_key_lists(Flags& flags, KeyListTexts& texts) {
  const std::string group(config::key_size_option().group);
  flags.value("--blocklist", texts.blocklist, "FILE",
              "blocklist.dat of badkeys, to find keys whose private keys are known", group, FlagUse::rare);
  flags.value("--known-moduli", texts.known_moduli, "FILE",
              "hexadecimal numbers, one on each line, to find RSA keys that share a factor with them", group,
              FlagUse::rare);
}

void read_key_lists(const Flags& flags, const KeyListTexts& texts, KeyLists& lists, Errors& errors) {
  read_file_name(flags, "--blocklist", texts.blocklist, lists.blocklist, errors);
  read_file_name(flags, "--known-moduli", texts.known_moduli, lists.known_moduli, errors);
}

void declare_message(Flags& flags, std::string& message, const std::string& meaning) {
  flags.value("--message", message, "FILE", meaning, "The message");
}

void read_output(const Flags& flags, const OutputTexts& texts, OutputChoice& output, Errors& errors) {
  output.json = texts.json;
  if (flags.given("--color")) take(read_color(texts.color), output.color, errors);
}

void read_file_name(const Flags& flags, const char* flag, const std::string& text,
                    std::optional<std::filesystem::path>& file, Errors& errors) {
  if (!flags.given(flag)) return;
  file = text;
  if (text.empty()) errors.push_back({flag, "it needs a file name"});
}

Result<config::Role> read_role(const std::string& text, std::string where) {
  if (const auto role = config::parse_role(text)) return *role;
  return failure(std::move(where),
                 fmt::format("{}: it must be pending, active, standby or retired",
                             text.empty() ? "the role is missing"
                                          : fmt::format("`{}` cannot be used", escape_text(text, 80))));
}

}  // namespace dkimprobe::cli
