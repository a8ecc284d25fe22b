// The command `lint`: judges records, one a line, without asking any server. Memory stays the same however
// long the input is.
#pragma once

#include "cli/command_line/command_line.hpp"
#include "cli/io/exit_code.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// The mistakes are those of the file as a whole; a line that cannot be read is told and passed over.
[[nodiscard]] config::Result<ExitCode> run_lint(const LintCommand& command);

}  // namespace dkimprobe::cli
