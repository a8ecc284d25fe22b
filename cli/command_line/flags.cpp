#include "cli/command_line/flags.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "config/basics/escape.hpp"
#include "config/basics/nearest_word.hpp"
#include "config/basics/shell_word.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::cli {

using config::escape_text;
using config::failure;
using config::Result;

namespace {

/// Removes the word `all` after the flag of the help; whether it was there.
bool take_all(std::vector<std::string>& arguments) {
  const auto flags_end = std::ranges::find(arguments, "--");
  const auto help = std::find_if(arguments.begin(), flags_end, [](const std::string& argument) {
    return argument == "-h" || argument == "--help";
  });
  if (help == flags_end || help + 1 == flags_end || *(help + 1) != "all") return false;
  arguments.erase(help + 1);
  return true;
}

}  // namespace

class Flags::State {
 public:
  State() { app.set_help_flag(); }

  /// The first argument that looks like a flag but cannot be used.
  [[nodiscard]] std::optional<config::Error> wrong_flag(std::span<const std::string> arguments) const {
    const CLI::Option* without_value = nullptr;  // the argument before, if its value is still to come
    for (const auto& argument : arguments) {
      const auto* const before = std::exchange(without_value, nullptr);
      if (argument == "--") return std::nullopt;
      if (argument.size() < 2 || argument.front() != '-') continue;
      const std::size_t equals = argument.find('=');
      const std::string flag = argument.substr(0, equals);
      const auto* const option = app.get_option_no_throw(flag);
      if (option != nullptr && before != nullptr && argument.starts_with("--"))
        return lost_value(*before, argument);
      if (option == nullptr) return before == nullptr ? unknown(flag) : lost_value(*before, argument);
      const bool takes_value = !option->get_option_text().empty();
      if (!takes_value && equals != std::string::npos) return config::Error{flag, "it takes no value"};
      if (takes_value && equals == std::string::npos) without_value = option;
    }
    return std::nullopt;
  }

  /// The arguments in the reverse order that CLI11 expects. For `--flag=` it would take the next argument as
  /// the value, so name and value are split here.
  [[nodiscard]] std::vector<std::string> in_reverse(std::span<const std::string> arguments) const {
    std::vector<std::string> words;
    bool flags_end = false;
    for (const auto& argument : arguments) {
      flags_end = flags_end || argument == "--";
      const std::size_t equals = argument.find('=');
      const auto* option = flags_end || equals == std::string::npos || !argument.starts_with("--")
                               ? nullptr
                               : app.get_option_no_throw(argument.substr(0, equals));
      if (option != nullptr && !option->get_option_text().empty()) {
        words.push_back(argument.substr(0, equals));
        words.push_back(argument.substr(equals + 1));
      } else {
        words.push_back(argument);
      }
    }
    std::reverse(words.begin(), words.end());
    return words;
  }

  /// The flags among the arguments, with their values, as words of a shell.
  [[nodiscard]] std::string flags_of(std::span<const std::string> arguments) const {
    std::string flags;
    bool value_follows = false;
    for (const auto& argument : arguments) {
      if (argument == "--" && !value_follows) break;
      const bool is_flag = !value_follows && argument.size() > 1 && argument.front() == '-';
      if (is_flag || value_follows) flags += ' ' + config::shell_word(argument);
      value_follows = is_flag && argument.find('=') == std::string::npos &&
                      !app.get_option(argument)->get_option_text().empty();
    }
    return flags;
  }

  void place(CLI::Option* option, const std::string& group, FlagUse use) {
    option->group(group);
    if (use == FlagUse::rare) rare.insert(option);
  }

  /// The flags that the help shows, group by group.
  [[nodiscard]] std::vector<const CLI::Option*> shown() const {
    std::vector<std::string> groups;
    for (const auto* option : app.get_options()) {
      const std::string& group = option->get_group();
      if (!group.empty() && std::ranges::find(groups, group) == groups.end()) groups.push_back(group);
    }
    std::vector<const CLI::Option*> options;
    for (const auto& group : groups) {
      for (const auto* option : app.get_options()) {
        if (option->get_group() == group && (all_wanted || !rare.contains(option))) options.push_back(option);
      }
    }
    return options;
  }

  CLI::App app{};
  std::set<const CLI::Option*> rare{};
  std::string command{};
  std::string flags_given{};  ///< as words of a shell, each after a space
  bool all_wanted = false;    ///< the help with all flags

 private:
  [[nodiscard]] config::Error unknown(const std::string& flag) const {
    std::vector<std::string> known;
    for (const auto* option : app.get_options()) {
      for (const auto& name : option->get_lnames()) known.push_back("--" + name);
    }
    const std::string nearest = config::nearest_word(flag, known);
    return {escape_text(flag, 80),
            nearest.empty() ? fmt::format("unknown flag; `dkimprobe {} --help all` lists all flags", command)
                            : fmt::format("unknown flag; did you mean {}?", nearest)};
  }

  static config::Error lost_value(const CLI::Option& option, const std::string& argument) {
    const std::string name = option.get_name();
    return {name, fmt::format("it needs a value, {} {}; if that begins with `-`, write {}={}", name,
                              option.get_option_text(), name, escape_text(argument, 80))};
  }
};

Flags::Flags() : state_(std::make_unique<State>()) {}
Flags::~Flags() = default;

void Flags::positionals(std::vector<std::string>& words) {
  state_->app.add_option("WORDS", words)->group("");
}

void Flags::toggle(const std::string& name, bool& given, const std::string& meaning, const std::string& group,
                   FlagUse use) {
  state_->place(state_->app.add_flag(name, given, meaning), group, use);
}

void Flags::value(const std::string& name, std::string& text, const std::string& value_word,
                  const std::string& meaning, const std::string& group, FlagUse use) {
  state_->place(state_->app.add_option(name, text, meaning)->option_text(value_word), group, use);
}

void Flags::last_value(const std::string& name, std::string& text, const std::string& value_word,
                       const std::string& meaning, const std::string& group, FlagUse use) {
  state_->place(state_->app.add_option(name, text, meaning)->option_text(value_word)->take_last(), group,
                use);
}

void Flags::values(const std::string& name, std::vector<std::string>& texts, const std::string& value_word,
                   const std::string& meaning, const std::string& group, FlagUse use) {
  // With extra arguments the flag would also take the positional argument after its value.
  state_->place(
      state_->app.add_option(name, texts, meaning)->option_text(value_word)->allow_extra_args(false), group,
      use);
}

void Flags::feature(const std::string& name, const std::string& group) {
  auto* const option = state_->app.get_option(name);
  option->group(group);
  state_->rare.erase(option);
}

Result<void> Flags::read(std::string_view command, std::span<const std::string> given_arguments) {
  std::vector<std::string> arguments(given_arguments.begin(), given_arguments.end());
  state_->all_wanted = take_all(arguments);
  state_->command = command;
  if (const auto wrong = state_->wrong_flag(arguments)) return failure(wrong->where, wrong->message);
  state_->flags_given = state_->flags_of(arguments);
  try {
    state_->app.parse(state_->in_reverse(arguments));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string_view text = error.what();
    const std::string name(text.substr(0, text.find(':')));
    const auto* const option = state_->app.get_option_no_throw(name);
    const bool repeated = option != nullptr && option->results().size() > 1;
    return failure(escape_text(name, 80), repeated            ? "it is given more than once"
                                          : option == nullptr ? "it needs a value"
                                                              : fmt::format("it needs a value: {} {}", name,
                                                                            option->get_option_text()));
  } catch (const CLI::ExtrasError& error) {
    const std::string_view text = error.what();
    return failure(escape_text(text.substr(text.find(": ") + 2), 80),
                   fmt::format("`dkimprobe {}` takes only flags", command));
  } catch (const CLI::ParseError& error) {
    return failure("", fmt::format("the command line cannot be read: {}", escape_text(error.what(), 200)));
  }
  return {};
}

bool Flags::given(const std::string& name) const {
  return !state_->app.get_option(name)->empty();
}

std::string Flags::command_with(std::span<const std::string> words) const {
  const std::string command = "dkimprobe " + state_->command;
  const bool begins_as_flag =
      std::ranges::any_of(words, [](const std::string& word) { return word.starts_with('-'); });
  std::string names = begins_as_flag ? " --" : "";
  for (const auto& word : words) names += ' ' + config::shell_word(word);
  return command + (begins_as_flag ? state_->flags_given + names : names + state_->flags_given);
}

std::string Flags::help(std::string_view start) const {
  constexpr std::size_t columns = 80;
  const std::size_t meaning_starts = state_->all_wanted ? 32 : 26;
  std::string text(start);
  std::string group;
  if (!state_->all_wanted) text += "\nFlags\n";
  for (const auto* option : state_->shown()) {
    if (state_->all_wanted && option->get_group() != group) {
      group = option->get_group();
      text += fmt::format("\n{}\n", group);
    }
    std::string flag = fmt::format("  {}", option->get_name(false, true));
    std::replace(flag.begin(), flag.end(), ',', ' ');
    if (!option->get_option_text().empty()) flag += ' ' + option->get_option_text();
    if (flag.size() + 2 > meaning_starts) {
      text += flag + '\n';
      flag.clear();
    }
    for (const auto& line : exporters::wrap_text(option->get_description(), columns - meaning_starts)) {
      text += exporters::pad_right(flag, meaning_starts) + line + '\n';
      flag.clear();
    }
  }
  if (!state_->all_wanted && !state_->rare.empty())
    text += fmt::format("\nAll flags: dkimprobe {} --help all\n", state_->command);
  return text;
}

}  // namespace dkimprobe::cli
