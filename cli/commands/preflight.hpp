// The command `preflight`: asks the servers for a new key, once or until it is safe to sign with it, and
// reports whether it is.
#pragma once

#include <tl/expected.hpp>

#include "cli/command_line/command_line.hpp"
#include "cli/commands/check.hpp"
#include "cli/io/exit_code.hpp"

namespace dkimprobe::cli {

[[nodiscard]] tl::expected<ExitCode, CheckRefused> run_preflight(const PreflightCommand& command);

}  // namespace dkimprobe::cli
