// What the command `rotation` plans, and whom it asks for that: the command line and the settings file put
// together. A flag wins over the file. It opens no file and asks no server.
#pragma once

#include <vector>

#include "checks/rotation/rotation_plan.hpp"
#include "cli/command_line/command_line.hpp"
#include "cli/plan/check_plan.hpp"
#include "config/basics/result.hpp"
#include "config/settings.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::cli {

/// One domain: the selectors that are asked for, and the plan, whose histories are empty yet.
struct RotationTarget {
  CheckTarget asked{};
  checks::RotationInput input{};
};

/// Whether the settings say a rotation of the domain: a ring, a highest age of keys, or a selector that does
/// not simply sign.
[[nodiscard]] bool has_rotation(const config::DomainSettings& domain);

/// The plan of a domain as its settings say it, with what counts for a look at it.
[[nodiscard]] checks::RotationInput rotation_input(const config::DomainSettings& domain,
                                                   const CheckTarget& target);

/// At least one. `settings` are those of the file; the defaults when the command names none. The mistakes are
/// of the command line: what it leaves out and the file does not know.
[[nodiscard]] config::Result<std::vector<RotationTarget>> plan_rotations(const RotationCommand& command,
                                                                         const config::Settings& settings);

/// Puts a probe into the histories of the plan, where no store keeps them.
void extend_histories(const std::vector<probe::Observation>& observations, probe::WallTime now,
                      checks::RotationInput& input);

/// Puts to the plan what a probe says of its selectors, whose histories have it already.
void judge_probe(const std::vector<probe::Observation>& observations, RotationTarget& target);

}  // namespace dkimprobe::cli
