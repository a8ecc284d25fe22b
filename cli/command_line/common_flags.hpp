// Shared by the readers of several commands: common flags, and helpers that store a value or its errors.
#pragma once

#include <chrono>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "cli/command_line/command_line.hpp"
#include "cli/command_line/flags.hpp"
#include "config/basics/result.hpp"
#include "config/options.hpp"

namespace dkimprobe::cli {

inline constexpr const char* output_group = "Output";
inline constexpr const char* servers_group = "Which servers are asked";
inline constexpr const char* settings_group = "Settings";

inline void add(config::Errors& errors, config::Errors more) {
  std::move(more.begin(), more.end(), std::back_inserter(errors));
}

/// Stores the value in `target`, or appends its errors to `errors`. `where`, if given, becomes their place.
template <class T>
void take(config::Result<T> result, T& target, config::Errors& errors, std::string_view where = {}) {
  if (result) {
    target = std::move(*result);
    return;
  }
  for (auto& wrong : result.error()) {
    if (!where.empty()) wrong = {std::string(where), fmt::format("`{}`: {}", wrong.where, wrong.message)};
  }
  add(errors, std::move(result.error()));
}

/// Values of the flags that all commands with reports share.
struct OutputTexts {
  bool json = false;
  std::string color{};
  bool help = false;
};

void declare_option(Flags& flags, const config::Option& option, std::string& text,
                    FlagUse use = FlagUse::rare);
void declare_help(Flags& flags, bool& help);
void declare_output(Flags& flags, OutputTexts& texts, const std::string& json_meaning);
void declare_storage(Flags& flags, std::string& storage, const std::string& meaning);

/// The flags of a command that remembers what it saw.
struct StateTexts {
  std::string directory{};
  bool off = false;
};

void declare_state(Flags& flags, StateTexts& texts);

/// Reads what `declare_state` declared. `has_storage`: the history is kept elsewhere.
void read_state(const Flags& flags, const StateTexts& texts, bool has_storage, StateChoice& state,
                config::Errors& errors);
/// Reads `--wait`: how long to probe repeatedly.
void read_wait(const Flags& flags, const std::string& text, std::chrono::milliseconds& wait,
               config::Errors& errors);
void declare_config_check(Flags& flags, bool& only_check_settings);
void declare_role(Flags& flags, std::string& role);

struct KeyListTexts {
  std::string blocklist{};
  std::string known_moduli{};
};

void declare_key_lists(Flags& flags, KeyListTexts& texts);
void read_key_lists(const Flags& flags, const KeyListTexts& texts, KeyLists& lists, config::Errors& errors);
void declare_message(Flags& flags, std::string& message, const std::string& meaning);

/// Reads the flags that `declare_output` declared.
void read_output(const Flags& flags, const OutputTexts& texts, OutputChoice& output, config::Errors& errors);
void read_file_name(const Flags& flags, const char* flag, const std::string& text,
                    std::optional<std::filesystem::path>& file, config::Errors& errors);
[[nodiscard]] config::Result<config::Role> read_role(const std::string& text, std::string where = "--role");

}  // namespace dkimprobe::cli
