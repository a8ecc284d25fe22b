// What the command `rotation` plans and which servers it asks: combines the command line and the settings
// file, which flags override. Nothing here opens a file or asks a server.
#pragma once

#include <vector>

#include "checks/rotation/rotation_plan.hpp"
#include "cli/command_line/command_line.hpp"
#include "cli/plan/check_plan.hpp"
#include "config/basics/result.hpp"
#include "config/settings.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::cli {

/// One domain: what to probe, and the input of the plan, without histories yet.
struct RotationTarget {
  CheckTarget asked{};
  checks::RotationInput input{};
};

/// Whether the settings define a rotation of the domain: a ring of selectors, a maximum key age, or a
/// selector whose role is not active.
[[nodiscard]] bool has_rotation(const config::DomainSettings& domain);

/// The plan input of a domain from its settings, with the policy of its target.
[[nodiscard]] checks::RotationInput rotation_input(const config::DomainSettings& domain,
                                                   const CheckTarget& target);

/// Returns at least one. `settings` are those of the file, or the defaults without one. Errors concern what
/// neither the command line nor the file gives.
[[nodiscard]] config::Result<std::vector<RotationTarget>> plan_rotations(const RotationCommand& command,
                                                                         const config::Settings& settings);

/// Adds a probe to the histories of the plan, for use without a store.
void extend_histories(const std::vector<probe::Observation>& observations, probe::WallTime now,
                      checks::RotationInput& input);

/// Adds the verdicts on a probe to the plan, whose histories already contain the probe.
void judge_probe(const std::vector<probe::Observation>& observations, RotationTarget& target);

}  // namespace dkimprobe::cli
