// The command `check`: asks the servers of a domain for its selectors, judges what they said, prints it.
#pragma once

#include "cli/command_line.hpp"
#include "cli/exit_code.hpp"
#include "config/result.hpp"

namespace dkimprobe::cli {

/// The mistakes are those of files that the command line names.
[[nodiscard]] config::Result<ExitCode> run_check(CheckCommand command);

}  // namespace dkimprobe::cli
