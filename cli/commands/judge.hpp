// The command `judge`: judges stored observations again and prints what `check` printed. It asks nobody.
#pragma once

#include "cli/command_line/command_line.hpp"
#include "cli/io/exit_code.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// The mistakes are those of the file.
[[nodiscard]] config::Result<ExitCode> run_judge(const JudgeCommand& command);

}  // namespace dkimprobe::cli
