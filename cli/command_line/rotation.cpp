#include "cli/command_line/commands.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "cli/command_line/ask_flags.hpp"
#include "cli/command_line/names.hpp"
#include "config/basics/escape.hpp"
#include "config/names/internationalized_name.hpp"

namespace dkimprobe::cli {
namespace {

using config::Errors;
using config::escape_text;
using config::Result;

constexpr std::string_view rotation_help_start = R"(Examples
  dkimprobe rotation example.com --config.file settings.yaml
  dkimprobe rotation example.com s1:retired s2 --last-signature s1=2026-11-01
  dkimprobe rotation example.com --compromised s1 --wait 30m

Usage
  dkimprobe rotation [DOMAIN] --config.file FILE [FLAGS]
  dkimprobe rotation DOMAIN SELECTOR[:ROLE]... [FLAGS]
  dkimprobe rotation plan DOMAIN [SELECTOR[:ROLE]]... [FLAGS]
  dkimprobe rotation apply DOMAIN --step STEP --config.file FILE [--yes] [FLAGS]
  dkimprobe rotation DOMAIN --compromised SELECTOR [FLAGS]

  Shows the steps of a key rotation: which are done, which comes next, and when.
  A ROLE is pending, active (it signs; the default), standby or retired. The
  settings file can say more: how old a key may get, which selector comes next.

  `plan` asks no server: it prints all steps of the next rotation, with dates.
  `apply` writes what a due step changes in the settings file: it shows the
  change and asks. A STEP is choose, sign, wait, gone, or in an emergency
  stop_signing or replace.
  `--compromised` shows what to do at once when somebody else has a key.

Exit codes
  0 nothing is due   1 a step is due or overdue   2 mail is in danger
  3 unknown: the next step depends on facts that are missing
  With --compromised only that key counts: 2 while a server still has it,
  1 while caches may hold it, 0 when no cache can hold it.
  64 usage error   70 internal error   78 settings error   130 interrupted
)";

/// Values of the flags of `rotation`, in addition to those of `check`.
struct RotationTexts {
  AskTexts ask{};
  std::vector<std::string> positionals{};
  OutputTexts output{};
  std::string compromised{};
  std::vector<std::string> last_signatures{};
  std::vector<std::string> never_used{};
  std::string step{};
  std::string wait{};
  StateTexts state{};
};

void declare_rotation(Flags& flags, RotationTexts& texts, RotationCommand& command) {
  constexpr const char* rotation_group = "The rotation";
  flags.positionals(texts.positionals);
  flags.values("--last-signature", texts.last_signatures, "SELECTOR=TIME",
               "when a selector last signed: a time such as 2026-11-01T09:30:00Z, or a day (all of it, in "
               "UTC); repeat for more",
               rotation_group);
  flags.values("--never-used", texts.never_used, "SELECTOR",
               "nothing was ever signed with this selector and nobody knows its name; repeat for more",
               rotation_group, FlagUse::rare);
  flags.value("--step", texts.step, "STEP", "with apply: the step", rotation_group, FlagUse::rare);
  flags.toggle("--yes", command.agreed, "with apply: write without asking", rotation_group, FlagUse::rare);
  flags.value("--compromised", texts.compromised, "SELECTOR", "somebody else has the key of this selector",
              rotation_group);
  flags.value("--wait", texts.wait, "TIME",
              "with --compromised: probe again, for at most this long, until no server has the key",
              rotation_group);
  declare_output(flags, texts.output, "one JSON object on standard output");
  declare_ask(flags, texts.ask);
  declare_storage(flags, texts.ask.storage, "directory of the history: use earlier probes and add this one");
  declare_state(flags, texts.state);
}

/// `SELECTOR` or `SELECTOR:ROLE`.
void read_selector_role(const std::string& text, bool domain_read, RotationCommand& command, Errors& errors) {
  const std::size_t before = errors.size();
  const std::size_t colon = text.rfind(':');
  SelectorRole given;
  take(config::Selector::parse(text.substr(0, colon)), given.selector, errors);
  if (colon != std::string::npos)
    take(read_role(text.substr(colon + 1), escape_text(text, 80)), given.role.emplace(), errors);
  if (errors.size() != before) return;
  if (domain_read) {
    if (const auto name = given.selector.owner_name(*command.domain); !name) add(errors, name.error());
  }
  const bool is_there = std::ranges::find(command.selectors, given.selector, &SelectorRole::selector) !=
                        command.selectors.end();
  if (is_there) {
    errors.push_back({escape_text(text, 80), "the selector is given twice"});
  } else {
    command.selectors.push_back(std::move(given));
  }
}

void read_never_used(const std::vector<std::string>& texts, RotationCommand& command, Errors& errors) {
  for (const auto& text : texts)
    take(config::Selector::parse(text), command.never_used.emplace_back(), errors, "--never-used");
}

/// `SELECTOR=TIME`.
void read_last_signature(const std::string& text, RotationCommand& command, Errors& errors) {
  const std::size_t before = errors.size();
  const std::size_t equals = text.find('=');
  LastSignature given;
  take(config::Selector::parse(text.substr(0, equals)), given.selector, errors, "--last-signature");
  const auto time = config::parse_timestamp(equals == std::string::npos ? "" : text.substr(equals + 1));
  if (!time) {
    errors.push_back(
        {"--last-signature", fmt::format("`{}` cannot be used: it must be SELECTOR=TIME, with a time such as "
                                         "2026-11-01T09:30:00Z or a day (UTC) such as 2026-11-01",
                                         escape_text(text, 80))});
  } else if (std::ranges::find(command.last_signatures, given.selector, &LastSignature::selector) !=
             command.last_signatures.end()) {
    errors.push_back(
        {"--last-signature", fmt::format("`{}`: the selector is given twice", escape_text(text, 80))});
  }
  if (errors.size() != before) return;
  given.time = *time;
  command.last_signatures.push_back(std::move(given));
}

void read_apply(const std::string& step, RotationCommand& command, Errors& errors) {
  command.apply = checks::parse_rotation_step(step);
  if (!command.apply) {
    errors.push_back({"--step", step.empty()
                                    ? "apply needs the step: --step sign"
                                    : fmt::format("`{}` cannot be used: it must be choose, sign, wait, gone, "
                                                  "stop_signing or replace",
                                                  escape_text(step, 80))});
  }
  if (!command.ask.settings_file) errors.push_back({"--config.file", "apply needs the settings file"});
}

/// Reads whether the first word is a task; returns it with a space behind, or nothing.
std::string read_task(const RotationTexts& texts, RotationCommand& command, Errors& errors) {
  const auto& words = texts.positionals;
  const bool has_task = !words.empty() && (words.front() == "plan" || words.front() == "apply");
  const std::string task = has_task ? words.front() + ' ' : std::string();
  command.only_plan = task == "plan ";
  if (task == "apply ") {
    read_apply(texts.step, command, errors);
  } else if (!texts.step.empty() || command.agreed) {
    errors.push_back(
        {texts.step.empty() ? "--yes" : "--step", "it needs apply: dkimprobe rotation apply DOMAIN"});
  }
  return task;
}

/// Without a domain, all domains of the settings file are meant.
void read_no_domain(const RotationTexts& texts, const std::string& task, const RotationCommand& command,
                    Errors& errors) {
  if (!command.ask.settings_file || !task.empty() || command.compromised) {
    errors.push_back(
        {"", fmt::format("no domain given; usage: dkimprobe rotation {}DOMAIN {}--config.file FILE", task,
                         task == "apply " ? "--step STEP " : "")});
  } else if (!texts.last_signatures.empty() || !texts.never_used.empty()) {
    errors.push_back({texts.last_signatures.empty() ? "--never-used" : "--last-signature",
                      "it names a selector of one domain; give the domain"});
  }
}

std::optional<config::Error> find_wrong_order(const Flags& flags, const RotationTexts& texts,
                                              const std::string& task, std::span<const std::string> words) {
  const std::array compromised{words.front(), texts.compromised};
  if (!texts.compromised.empty() && wrong_order(flags, compromised)) {
    return config::Error{"--compromised", "the domain comes first: rotation DOMAIN --compromised SELECTOR"};
  }
  return wrong_order(flags, words, task.empty() ? std::nullopt : std::optional(texts.positionals.front()));
}

void read_rotation_names(const Flags& flags, const RotationTexts& texts, RotationCommand& command,
                         Errors& errors) {
  const std::string task = read_task(texts, command, errors);
  const auto words = std::span(texts.positionals).subspan(task.empty() ? 0 : 1);
  if (words.empty()) return read_no_domain(texts, task, command, errors);
  if (auto wrong = find_wrong_order(flags, texts, task, words)) return errors.push_back(std::move(*wrong));
  const std::size_t before = errors.size();
  take(config::read_domain(words.front()), command.domain.emplace(), errors);
  const bool domain_read = errors.size() == before;
  for (const auto& word : words.subspan(1)) read_selector_role(word, domain_read, command, errors);
  // `apply` has said that it needs the settings file, which names selectors.
  if (domain_read && words.size() == 1 && !command.ask.settings_file && !command.compromised &&
      task != "apply ") {
    errors.push_back({"", fmt::format("no selector given; list them: dkimprobe rotation {}{} s1:active "
                                      "s2:pending, or name a settings file that does: --config.file FILE",
                                      task, command.domain->to_string())});
  }
}

void read_wait(const std::string& text, RotationCommand& command, Errors& errors) {
  constexpr std::chrono::milliseconds longest = std::chrono::days{7};
  const auto time = config::parse_duration(text);
  if (!time || *time < std::chrono::seconds{1} || *time > longest) {
    errors.push_back(
        {"--wait",
         fmt::format("`{}` cannot be used: it must be a duration from 1s to 7d with a unit: s, m, h or d",
                     escape_text(text, 80))});
    return;
  }
  command.wait = *time;
}

}  // namespace

Result<Command> read_rotation(std::span<const std::string> arguments) {
  Flags flags;
  RotationTexts texts;
  RotationCommand command;
  declare_rotation(flags, texts, command);
  if (auto parsed = flags.read("rotation", arguments); !parsed) return tl::unexpected(parsed.error());
  if (texts.output.help) return TextWanted{flags.help(rotation_help_start)};

  Errors errors;
  read_file_name(flags, "--config.file", texts.ask.settings_file, command.ask.settings_file, errors);
  if (flags.given("--compromised"))
    take(config::Selector::parse(texts.compromised), command.compromised.emplace(), errors, "--compromised");
  read_rotation_names(flags, texts, command, errors);
  for (const auto& text : texts.last_signatures) read_last_signature(text, command, errors);
  read_never_used(texts.never_used, command, errors);
  if (command.only_plan && command.compromised)
    errors.push_back({"--compromised", "it cannot be combined with plan; leave the word plan out"});
  if (flags.given("--wait")) {
    read_wait(texts.wait, command, errors);
    if (!command.compromised) errors.push_back({"--wait", "it needs --compromised"});
  }
  read_ask(flags, texts.ask, command.ask, errors);
  read_state(flags, texts.state, command.ask.storage.has_value(), command.state, errors);
  read_output(flags, texts.output, command.output, errors);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return command;
}

}  // namespace dkimprobe::cli
