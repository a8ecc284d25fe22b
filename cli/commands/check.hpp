// The command `check`: asks the servers of a domain for its selectors, judges what they said, prints it.
#pragma once

#include <tl/expected.hpp>

#include "cli/command_line/command_line.hpp"
#include "cli/io/exit_code.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// Why nothing was asked: files that the command line names are wrong, or do not hold what it leaves out.
struct CheckRefused {
  ExitCode code = ExitCode::settings;
  config::Errors errors{};
};

[[nodiscard]] tl::expected<ExitCode, CheckRefused> run_check(const CheckCommand& command);

}  // namespace dkimprobe::cli
