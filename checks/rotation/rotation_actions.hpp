// What the steps of a rotation have in common: words for servers, commands and records to copy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/rotation/rotation_situation.hpp"

namespace dkimprobe::checks {

[[nodiscard]] bool is_wrong(Progress progress);

[[nodiscard]] bool is_right(Progress progress);

[[nodiscard]] bool is_unknown(Progress progress);

/// Those of the servers of which `wanted` is true, for the end of a sentence.
[[nodiscard]] std::string servers_text(const std::vector<ServerProgress>& servers, bool (*wanted)(Progress));

/// A selector of the day, which no selector of the domain is called.
[[nodiscard]] config::Selector new_selector(const RotationSituation& situation);

[[nodiscard]] RotationAction make_key_action(const RotationInput& input, const config::Selector& selector);

[[nodiscard]] RotationAction record_action(const RotationInput& input, const config::Selector& selector);

/// `never_used`: nobody can have asked for the selector.
[[nodiscard]] RotationAction preflight_action(const RotationInput& input, const config::Selector& selector,
                                              bool never_used = false);

/// The record with an empty `p=` (RFC 6376 section 3.6.1), where the operator of the domain can publish it.
[[nodiscard]] RotationAction revoke_action(const RotationInput& input, const SelectorView& view);

[[nodiscard]] RotationAction sign_action(const std::optional<config::Selector>& from,
                                         const config::Selector& to);

[[nodiscard]] PlannedStep step_of(RotationStep step, StepState state, std::string summary);

/// The state that a readiness means for a step whose earlier steps are done.
[[nodiscard]] StepState state_of(Readiness readiness);

[[nodiscard]] std::string change_text(const RotationChange& change);

}  // namespace dkimprobe::checks
