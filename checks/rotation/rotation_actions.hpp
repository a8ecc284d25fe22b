// Shared by the steps of a rotation: server lists, and commands and records to copy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/rotation/rotation_situation.hpp"

namespace dkimprobe::checks {

[[nodiscard]] bool is_wrong(Progress progress);

[[nodiscard]] bool is_right(Progress progress);

[[nodiscard]] bool is_unknown(Progress progress);

/// The servers for which `wanted` is true, for the end of a sentence.
[[nodiscard]] std::string servers_text(const std::vector<ServerProgress>& servers, bool (*wanted)(Progress));

/// A selector named after the date that the domain does not use yet.
[[nodiscard]] config::Selector new_selector(const RotationSituation& situation);

[[nodiscard]] RotationAction make_key_action(const RotationInput& input, const config::Selector& selector);

[[nodiscard]] RotationAction record_action(const RotationInput& input, const config::Selector& selector);

/// `never_used`: nobody can have queried the selector.
[[nodiscard]] RotationAction preflight_action(const RotationInput& input, const config::Selector& selector,
                                              bool never_used = false);

/// The record with an empty `p=` (RFC 6376 section 3.6.1), at a name where the operator of the domain can
/// publish it.
[[nodiscard]] RotationAction revoke_action(const RotationInput& input, const SelectorView& view);

[[nodiscard]] RotationAction sign_action(const std::optional<config::Selector>& from,
                                         const config::Selector& to);

[[nodiscard]] PlannedStep step_of(RotationStep step, StepState state, std::string summary);

/// The state of a step with this readiness whose earlier steps are done.
[[nodiscard]] StepState state_of(Readiness readiness);

[[nodiscard]] std::string change_text(const RotationChange& change);

}  // namespace dkimprobe::checks
