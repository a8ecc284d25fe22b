// The command `lint`: judges records, one per line, without asking a server. Memory use does not depend on
// the length of the input.
#pragma once

#include "cli/command_line/command_line.hpp"
#include "cli/io/exit_code.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// Errors concern the file as a whole; a line that cannot be read is reported and skipped.
[[nodiscard]] config::Result<ExitCode> run_lint(const LintCommand& command);

}  // namespace dkimprobe::cli
