// What one probe of a selector contributes to its rotation plan: the same for the preflight, the command
// `rotation` and the daemon.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "checks/history/safe_times.hpp"
#include "checks/judgement/judge.hpp"
#include "checks/report/reasons.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

struct ProbedSelector {
  std::optional<std::chrono::seconds> domainkey_absence{};  ///< see NewKey
  /// Critical faults of the selector if mail were signed with it: they do not go away with time.
  std::vector<ReasonDetail> faults{};
  /// The warnings about the key: it is weak, but mail signed with it is verified.
  std::vector<ReasonDetail> weaknesses{};
  /// DNSSEC signatures that are not valid: what a validating resolver finds is unknown.
  std::vector<ReasonDetail> doubts{};
  bool is_internal_view = false;       ///< the zone was probed from inside its own network
  std::string path_intercepted{};      ///< see Judgement
  config::EscapedText nothing_seen{};  ///< why, in a clause, if no server showed anything
};

/// `judgement` is that of the observation.
[[nodiscard]] ProbedSelector probed_selector(const probe::Observation& observation,
                                             const Judgement& judgement, const RotationPolicy& times);

}  // namespace dkimprobe::checks
