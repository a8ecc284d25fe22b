// What the daemon watches and what its verdicts are based on, from settings and flags: a plain value that a
// reload replaces as a whole.
#pragma once

#include <map>
#include <vector>

#include "checks/fleet/fleet.hpp"
#include "checks/judgement/judge.hpp"
#include "checks/rotation/rotation_plan.hpp"
#include "cli/plan/check_plan.hpp"
#include "config/basics/result.hpp"
#include "config/names/domain_name.hpp"
#include "config/settings.hpp"
#include "probe/schedule/schedule.hpp"

namespace dkimprobe::cli {

struct WatchedFacts {
  config::Policy policy{};
  std::vector<config::NamedServer> nameservers{};  ///< when not empty: its servers, without discovery
};

struct WatchList {
  config::ProbeSettings probe{};  ///< without pinned servers: each domain has its own
  std::vector<checks::WatchedTarget> targets{};
  std::vector<probe::WatchedDomain> probes{};
  std::map<config::DomainName, WatchedFacts> domains{};
  std::map<checks::TargetKey, checks::Expectation> expectations{};  ///< one for each target
  /// For each domain with a rotation in the settings; without histories.
  std::map<config::DomainName, checks::RotationInput> rotations{};
  // For `/probe` requests beyond the watched targets.
  config::Policy policy{};  ///< of domains that are not watched
  std::vector<config::ModuleSettings> modules{};
  std::vector<config::ProbePattern> probe_allow{};
  config::Errors warnings{};
};

/// `plan` has every domain of `settings`, with the flags applied.
[[nodiscard]] WatchList watch_list(const CheckPlan& plan, const config::Settings& settings,
                                   const checks::ProgramCall& call = {});

}  // namespace dkimprobe::cli
