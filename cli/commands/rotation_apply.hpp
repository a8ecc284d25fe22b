// Writes what a step of a rotation changes in the settings file.
#pragma once

#include "checks/rotation/rotation_plan.hpp"
#include "cli/command_line/command_line.hpp"
#include "cli/commands/commands.hpp"

namespace dkimprobe::cli {

/// Shows the change of the step, asks whether to write it unless the operator agreed before, and writes it.
/// Refuses a step that is not due. Without a terminal to ask at, nothing is written.
[[nodiscard]] CommandResult apply_step(const RotationCommand& command,
                                       const checks::RotationOverview& overview);

}  // namespace dkimprobe::cli
