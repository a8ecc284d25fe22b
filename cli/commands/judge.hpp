// The command `judge`: judges stored observations again and prints them as `check` does. It asks no server.
#pragma once

#include "cli/command_line/command_line.hpp"
#include "cli/io/exit_code.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// Errors concern the files.
[[nodiscard]] config::Result<ExitCode> run_judge(const JudgeCommand& command);

}  // namespace dkimprobe::cli
