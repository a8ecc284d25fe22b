// The command `history`: prints what is stored of a domain's selectors. It asks no server and writes nothing.
#pragma once

#include "cli/command_line/command_line.hpp"
#include "cli/io/exit_code.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// Errors concern the directory and its file. Returns `unknown` when nothing is stored.
[[nodiscard]] config::Result<ExitCode> run_history(const HistoryCommand& command);

}  // namespace dkimprobe::cli
