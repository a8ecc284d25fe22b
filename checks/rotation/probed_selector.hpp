// What one probe of a selector says to whoever plans its rotation: the same for the preflight, for the
// command `rotation` and for the daemon.
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
  /// The critical faults of the selector if mail were signed with it: no time takes them away.
  std::vector<ReasonDetail> faults{};
  /// What makes its key weak, though mail signed with it is verified: the warnings about the key.
  std::vector<ReasonDetail> weaknesses{};
  std::vector<ReasonDetail> doubts{};  ///< see `signature_doubts`
  std::string path_intercepted{};      ///< see Judgement
};

/// `judgement` is that of the observation.
[[nodiscard]] ProbedSelector probed_selector(const probe::Observation& observation,
                                             const Judgement& judgement, const RotationPolicy& times);

/// Servers whose DNSSEC signatures had all run out at the probe, or were yet to begin. They are not verified,
/// and whether the zone is signed from above was not asked: what a resolver that validates finds is unknown.
[[nodiscard]] std::vector<ReasonDetail> signature_doubts(const probe::Observation& observation);

}  // namespace dkimprobe::checks
