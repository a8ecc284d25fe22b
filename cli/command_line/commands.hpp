// Parses the arguments of each command into a validated value, or all errors at once. Each command has its
// own source file.
#pragma once

#include <span>
#include <string>

#include "cli/command_line/command_line.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// `arguments` are those after the name of the command.
[[nodiscard]] config::Result<Command> read_check(std::span<const std::string> arguments);
[[nodiscard]] config::Result<Command> read_preflight(std::span<const std::string> arguments);
[[nodiscard]] config::Result<Command> read_rotation(std::span<const std::string> arguments);
[[nodiscard]] config::Result<Command> read_serve(std::span<const std::string> arguments);
[[nodiscard]] config::Result<Command> read_lint(std::span<const std::string> arguments);
[[nodiscard]] config::Result<Command> read_judge(std::span<const std::string> arguments);
[[nodiscard]] config::Result<Command> read_record(std::span<const std::string> arguments);
[[nodiscard]] config::Result<Command> read_history(std::span<const std::string> arguments);
[[nodiscard]] config::Result<Command> read_explain(std::span<const std::string> arguments);

}  // namespace dkimprobe::cli
