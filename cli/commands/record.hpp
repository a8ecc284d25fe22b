// The command `record`: from a key to the record that is to be published. It asks no server and publishes
// nothing itself.
#pragma once

#include "cli/command_line/command_line.hpp"
#include "cli/io/exit_code.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// The record goes to standard output, what there is to say of it to standard error.
[[nodiscard]] config::Result<ExitCode> run_record(const RecordCommand& command);

}  // namespace dkimprobe::cli
