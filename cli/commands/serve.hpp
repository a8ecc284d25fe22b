// The command `serve`: the daemon with its web server, its signals and its reloads.
#pragma once

#include <tl/expected.hpp>

#include "cli/command_line/command_line.hpp"
#include "cli/commands/check.hpp"
#include "cli/io/exit_code.hpp"

namespace dkimprobe::cli {

/// Returns after SIGTERM or SIGINT.
[[nodiscard]] tl::expected<ExitCode, CheckRefused> run_serve(const ServeCommand& command);

}  // namespace dkimprobe::cli
