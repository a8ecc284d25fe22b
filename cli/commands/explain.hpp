// The command `explain`: prints what the catalogue says of a check, or lists all. It asks nobody.
#pragma once

#include "cli/command_line/command_line.hpp"
#include "cli/io/exit_code.hpp"

namespace dkimprobe::cli {

[[nodiscard]] ExitCode run_explain(const ExplainCommand& command);

}  // namespace dkimprobe::cli
