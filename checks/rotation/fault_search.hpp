// Which faults of the table a rotation has.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/rotation/key_ending.hpp"
#include "checks/rotation/rotation_situation.hpp"

namespace dkimprobe::checks {

/// A fault with the severity of its row, unless the case says another one.
[[nodiscard]] RotationFault fault_of(RotationFaultKind kind, const config::Selector& selector,
                                     std::string clause, std::string evidence, std::string remedy,
                                     std::optional<Severity> severity = std::nullopt);

/// Keeps the worst first.
void add_fault(RotationOverview& overview, RotationFault fault);

/// `overview` has the state already.
void find_faults(const RotationSituation& situation, const std::vector<KeyEnding>& endings,
                 RotationOverview& overview);

}  // namespace dkimprobe::checks
