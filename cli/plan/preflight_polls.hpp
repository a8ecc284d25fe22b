// Looking again and again until a key may be signed with: when the next look comes, and the loop of looks.
// What looks, waits and tells the time is passed in; nothing here touches network, clock or terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/rotation/preflight.hpp"
#include "config/settings.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::cli {

/// When to look again after a verdict of `now`; nothing when that is the last word. Where only time is
/// missing, that is the safe time itself, so that what is said then was seen then; if that is after the
/// deadline, waiting cannot help. Else one interval later, and the last time at the deadline.
[[nodiscard]] std::optional<probe::WallTime> next_probe(const checks::SafeTime& verdict, probe::WallTime now,
                                                        probe::WallTime deadline,
                                                        std::chrono::milliseconds interval,
                                                        std::chrono::milliseconds least);

/// One look at the servers of the one selector.
struct SelectorProbe {
  probe::Observation observation{};
  bool interrupted = false;  ///< it was ended before it was complete
};

/// What the loop needs of the world.
struct PreflightWorld {
  std::function<probe::WallTime()> now{};
  std::function<SelectorProbe()> probe{};
  /// Puts a complete look to what was seen before, and gives all of it.
  std::function<checks::SelectorHistory(const probe::Observation&)> remember{};
  /// The caches of the operator's resolvers; empty without any.
  std::function<std::vector<checks::CacheAnswer>(const checks::Preflight&)> read_caches{};
  /// The public question. Empty when it is not wanted; called only when the key may be signed with.
  std::function<std::vector<checks::CacheAnswer>(const checks::Preflight&)> ask_public{};
  /// Each verdict, with the time of the next look, if there is one.
  std::function<void(const checks::Preflight&, std::optional<probe::WallTime>)> progress{};
  /// Returns at that time, or with false when the operator ends it before.
  std::function<bool(probe::WallTime)> sleep_until{};
};

struct PreflightEnd {
  checks::Preflight preflight{};
  bool interrupted = false;
};

/// Looks once, and as often again as `wait` allows.
[[nodiscard]] PreflightEnd run_probes(const checks::SigningPlan& plan, const config::ProbeSettings& settings,
                                      std::chrono::milliseconds wait, const PreflightWorld& world);

}  // namespace dkimprobe::cli
