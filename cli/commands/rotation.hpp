// The command `rotation`: asks the servers of a domain for its selectors, extends their histories, and prints
// the progress of the rotation.
#pragma once

#include <tl/expected.hpp>

#include "cli/command_line/command_line.hpp"
#include "cli/commands/check.hpp"
#include "cli/io/exit_code.hpp"

namespace dkimprobe::cli {

[[nodiscard]] tl::expected<ExitCode, CheckRefused> run_rotation(const RotationCommand& command);

}  // namespace dkimprobe::cli
