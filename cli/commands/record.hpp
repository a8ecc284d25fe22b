// The command `record`: prints the record to publish for a key. It asks no server and publishes nothing.
#pragma once

#include "cli/command_line/command_line.hpp"
#include "cli/io/exit_code.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// The record goes to standard output, notes on it to standard error.
[[nodiscard]] config::Result<ExitCode> run_record(const RecordCommand& command);

}  // namespace dkimprobe::cli
