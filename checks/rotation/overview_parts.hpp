// What the plans of a rotation have in common besides their steps.
#pragma once

#include <vector>

#include "checks/rotation/key_ending.hpp"
#include "checks/rotation/rotation_situation.hpp"

namespace dkimprobe::checks {

/// The facts by which the rotation is watched.
[[nodiscard]] RotationState state_of(const RotationSituation& situation,
                                     const std::vector<KeyEnding>& endings);

/// Where others of the zone were not asked, nothing here is said of all servers.
void add_note_of_servers(const RotationInput& input, RotationOverview& overview);

/// Where the nameservers were not heard, what is known from before stays, and nothing of now is said.
void tell_interception(const RotationInput& input, RotationOverview& overview);

}  // namespace dkimprobe::checks
