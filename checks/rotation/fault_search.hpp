// Finds the faults of a rotation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/rotation/key_ending.hpp"
#include "checks/rotation/rotation_situation.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {

/// A fault with the severity of its row, unless another one is given.
[[nodiscard]] RotationFault fault_of(RotationFaultKind kind, const config::Selector& selector,
                                     config::EscapedText clause, config::EscapedText evidence,
                                     config::EscapedText remedy,
                                     std::optional<Severity> severity = std::nullopt);

/// Inserts the fault, worst first.
void add_fault(RotationOverview& overview, RotationFault fault);

void find_faults_of_old(const KeyEnding& ending, WallTime now, RotationOverview& overview);

/// `overview` must already have its state.
void find_faults(const RotationSituation& situation, const std::vector<KeyEnding>& endings,
                 RotationOverview& overview);

}  // namespace dkimprobe::checks
