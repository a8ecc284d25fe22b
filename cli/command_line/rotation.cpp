#include "cli/command_line/commands.hpp"

#include <algorithm>
#include <array>

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
  dkimprobe rotation example.com s1          s1 signs: this shows how to begin
  dkimprobe rotation example.com s1:retired s2 --last-signature s1=2026-11-01
  dkimprobe rotation example.com --config.file settings.yaml
  dkimprobe rotation example.com s1 --compromised s1

Usage
  dkimprobe rotation DOMAIN SELECTOR[:ROLE]... [FLAGS]
  dkimprobe rotation [DOMAIN] --config.file FILE [FLAGS]
  dkimprobe rotation plan DOMAIN [SELECTOR[:ROLE]]... [FLAGS]
  dkimprobe rotation apply DOMAIN --step STEP --config.file FILE [--yes] [FLAGS]
  dkimprobe rotation DOMAIN [SELECTOR[:ROLE]]... --compromised SELECTOR [FLAGS]

  Shows which steps are done, which one is due, and when the others are safe.
  Do what it prints and run it again, until it says that the change is done.
  A ROLE is active (it signs; the default), pending (next), standby or retired.
  `plan` prints all steps at once; `apply` writes a step into the settings file.
  Steps: choose, generate, publish, check, sign, wait, revoke, delete, gone; in
  an emergency stop_signing, replace, revoke, gone, clean_up.

Exit codes
  0 nothing to do now: a step waits (--json: in_progress is true), or all done
  1 a step is due or overdue   2 mail is in danger   3 a fact is missing
  With --compromised: 2 while a server has that key, 1 while caches may, then 0.
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
               "when it last signed: a day in UTC, of which the end counts, or a time such as "
               "2026-11-01T09:30:00Z",
               rotation_group);
  flags.values("--never-used", texts.never_used, "SELECTOR",
               "nothing was ever signed with this pending or standby selector, and nobody knows its name; "
               "repeat for more",
               rotation_group, FlagUse::rare);
  flags.value("--step", texts.step, "STEP", "with apply: choose, sign, wait, gone, stop_signing or replace",
              rotation_group, FlagUse::rare);
  flags.toggle("--yes", command.agreed, "with apply: write without asking", rotation_group, FlagUse::rare);
  flags.value("--compromised", texts.compromised, "SELECTOR", "somebody else has the key of this selector",
              rotation_group);
  flags.value("--wait", texts.wait, "TIME",
              "with --compromised: probe again until neither servers nor caches have the key, for at most "
              "this long",
              rotation_group);
  declare_output(flags, texts.output, "one JSON object on standard output");
  declare_ask(flags, texts.ask);
  flags.feature("--retired-key-retention", rotation_group);
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
  const auto steps = checks::settings_steps();
  const auto known =
      std::ranges::find(steps, step, [](checks::RotationStep each) { return checks::to_string(each); });
  if (known != steps.end()) {
    command.apply = *known;
  } else {
    std::string words;
    for (const auto each : steps)
      words += fmt::format("{}{}", words.empty() ? "" : ", ", checks::to_string(each));
    errors.push_back(
        {"--step", step.empty()
                       ? fmt::format("apply needs the step: {}", words)
                       : fmt::format("`{}` cannot be used: the steps that change the settings file are {}",
                                     escape_text(step, 80), words)});
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
    errors.push_back(
        {"", fmt::format("no selector given; name the one that signs now: dkimprobe rotation {}{} s1, "
                         "or a settings file that has the selectors: --config.file FILE",
                         task, command.domain->to_string())});
  }
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
  read_wait(flags, texts.wait, command.wait, errors);
  if (flags.given("--wait") && !command.compromised)
    errors.push_back({"--wait", "it needs --compromised SELECTOR"});
  read_ask(flags, texts.ask, command.ask, errors);
  read_state(flags, texts.state, command.ask.storage.has_value(), command.state, errors);
  read_output(flags, texts.output, command.output, errors);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return command;
}

}  // namespace dkimprobe::cli
