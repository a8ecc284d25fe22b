// The command `check`: asks the servers of a domain for its selectors, judges the answers and prints a
// report.
#pragma once

#include <tl/expected.hpp>

#include "cli/command_line/command_line.hpp"
#include "cli/io/exit_code.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// Why no server was asked: a file that the command line names is invalid or lacks what the command line
/// omits.
struct CheckRefused {
  ExitCode code = ExitCode::settings;
  config::Errors errors{};
};

[[nodiscard]] tl::expected<ExitCode, CheckRefused> run_check(const CheckCommand& command);

}  // namespace dkimprobe::cli
