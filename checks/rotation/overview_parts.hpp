// Shared by the plans of a rotation, apart from their steps.
#pragma once

#include <vector>

#include "checks/rotation/key_ending.hpp"
#include "checks/rotation/rotation_situation.hpp"

namespace dkimprobe::checks {

/// The facts that monitoring needs of the rotation.
[[nodiscard]] RotationState state_of(const RotationSituation& situation,
                                     const std::vector<KeyEnding>& endings);

/// Adds a note if only the given servers were queried, so that nothing here holds for all servers.
void add_note_of_servers(const RotationInput& input, RotationOverview& overview);

/// If the path was intercepted, keeps what is known from before and reports nothing about the present.
void report_interception(const RotationInput& input, RotationOverview& overview);

}  // namespace dkimprobe::checks
