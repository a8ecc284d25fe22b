#include "cli/command_line/flags.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "config/basics/escape.hpp"
#include "config/basics/nearest_word.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::cli {

using config::escape_text;
using config::failure;
using config::Result;

class Flags::State {
 public:
  State() { app.set_help_flag(); }

  /// The first argument that looks like a flag but cannot be used.
  [[nodiscard]] std::optional<config::Error> wrong_flag(std::string_view command,
                                                        std::span<const std::string> arguments) const {
    const CLI::Option* without_value = nullptr;  // the argument before, if its value is still to come
    for (const auto& argument : arguments) {
      const auto* const before = std::exchange(without_value, nullptr);
      if (argument == "--") return std::nullopt;
      if (argument.size() < 2 || argument.front() != '-') continue;
      const std::size_t equals = argument.find('=');
      const std::string flag = argument.substr(0, equals);
      const auto* const option = app.get_option_no_throw(flag);
      if (option == nullptr)
        return before == nullptr ? unknown(command, flag) : lost_value(*before, argument);
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

  CLI::App app{};

 private:
  [[nodiscard]] config::Error unknown(std::string_view command, const std::string& flag) const {
    std::vector<std::string> known;
    for (const auto* option : app.get_options()) {
      for (const auto& name : option->get_lnames()) known.push_back("--" + name);
    }
    const std::string nearest = config::nearest_word(flag, known);
    return {escape_text(flag, 80),
            nearest.empty() ? fmt::format("unknown flag; `dkimprobe {} --help` lists all flags", command)
                            : fmt::format("unknown flag; did you mean {}?", nearest)};
  }

  static config::Error lost_value(const CLI::Option& option, const std::string& argument) {
    const std::string name = option.get_name();
    return {name, fmt::format("it needs a value; if that begins with `-`, write {}={}", name,
                              escape_text(argument, 80))};
  }
};

Flags::Flags() : state_(std::make_unique<State>()) {}
Flags::~Flags() = default;

void Flags::positionals(std::vector<std::string>& words) {
  state_->app.add_option("WORDS", words)->group("");
}

void Flags::toggle(const std::string& name, bool& given, const std::string& meaning,
                   const std::string& group) {
  state_->app.add_flag(name, given, meaning)->group(group);
}

void Flags::value(const std::string& name, std::string& text, const std::string& value_word,
                  const std::string& meaning, const std::string& group) {
  state_->app.add_option(name, text, meaning)->option_text(value_word)->group(group);
}

void Flags::last_value(const std::string& name, std::string& text, const std::string& value_word,
                       const std::string& meaning, const std::string& group) {
  state_->app.add_option(name, text, meaning)->option_text(value_word)->take_last()->group(group);
}

void Flags::values(const std::string& name, std::vector<std::string>& texts, const std::string& value_word,
                   const std::string& meaning, const std::string& group) {
  // With extra arguments the flag would also take the positional argument after its value.
  state_->app.add_option(name, texts, meaning)
      ->option_text(value_word)
      ->allow_extra_args(false)
      ->group(group);
}

Result<void> Flags::read(std::string_view command, std::span<const std::string> arguments) {
  if (const auto wrong = state_->wrong_flag(command, arguments)) return failure(wrong->where, wrong->message);
  try {
    state_->app.parse(state_->in_reverse(arguments));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string_view text = error.what();
    const std::string name(text.substr(0, text.find(':')));
    const auto* const option = state_->app.get_option_no_throw(name);
    const bool repeated = option != nullptr && option->results().size() > 1;
    return failure(escape_text(name, 80), repeated ? "it is given more than once" : "it needs a value");
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

std::string Flags::help(std::string_view start) const {
  constexpr std::size_t columns = 80;
  constexpr std::size_t meaning_starts = 32;
  std::string text(start);
  std::string group;
  for (const auto* option : state_->app.get_options()) {
    if (option->get_group().empty()) continue;
    if (option->get_group() != group) {
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
  return text;
}

}  // namespace dkimprobe::cli
