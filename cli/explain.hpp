// The command `explain`: prints what the catalogue says of a check, or lists all. It asks nobody.
#pragma once

#include "cli/command_line.hpp"
#include "cli/exit_code.hpp"
#include "config/result.hpp"

namespace dkimprobe::cli {

[[nodiscard]] config::Result<ExitCode> run_explain(const ExplainCommand& command);

}  // namespace dkimprobe::cli
