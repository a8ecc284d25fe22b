// The change from the selector that signs to the next one, step by step.
#pragma once

#include "checks/rotation/rotation_situation.hpp"

namespace dkimprobe::checks {

[[nodiscard]] RotationChange next_change(const RotationSituation& situation);

}  // namespace dkimprobe::checks
