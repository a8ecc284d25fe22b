// Commands of this program as text for a POSIX shell, complete enough to work as printed.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

/// How the operator started this program.
struct ProgramCall {
  std::string program{"dkimprobe"};  ///< as it was started
  /// The flags, each followed by its value, that every command needs that asks servers: the settings file,
  /// the history, root hints and so on. A command that prints what this one needs gets the same.
  std::vector<std::string> flags{};
  std::vector<std::string>
      settings_flags{};  ///< those of them that name the settings file; empty without one

  [[nodiscard]] bool has_settings() const { return !settings_flags.empty(); }
};

/// At the end of a word: the day on which the shell runs the command, in UTC.
inline constexpr std::string_view day_of_run{"\0day", 4};

/// The words as one command.
[[nodiscard]] std::string shell_command(const std::vector<std::string>& words);

/// `PROGRAM COMMAND DOMAIN OPERANDS FLAGS`. Names that begin with `-` follow `--`, after the flags.
[[nodiscard]] std::string command_text(const ProgramCall& call, const std::vector<std::string>& command,
                                       const config::DomainName& domain,
                                       const std::vector<std::string>& operands,
                                       const std::vector<std::string>& flags);

/// `30m`: the value of `--wait` that covers the time, in whole minutes or hours.
[[nodiscard]] std::string wait_value(std::chrono::milliseconds time);

}  // namespace dkimprobe::checks
