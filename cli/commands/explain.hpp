// The command `explain`: prints the catalogue entry of a check, or lists all checks. It asks no server.
#pragma once

#include "cli/command_line/command_line.hpp"
#include "cli/io/exit_code.hpp"

namespace dkimprobe::cli {

[[nodiscard]] ExitCode run_explain(const ExplainCommand& command);

}  // namespace dkimprobe::cli
