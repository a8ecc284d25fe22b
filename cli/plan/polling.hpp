// When to probe again and the sleep until then, for every command that waits. Nothing here asks a server.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "checks/history/safe_times.hpp"
#include "config/settings.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::cli {

/// Time between probes while a change is expected.
inline constexpr std::chrono::milliseconds first_interval{5'000};
inline constexpr std::chrono::milliseconds longest_interval{60'000};

/// The time between two probes: the shortest after a change, since more changes often follow, else 1.5 times
/// the last one. Never below `least`.
[[nodiscard]] std::chrono::milliseconds next_interval(std::chrono::milliseconds last, bool changed,
                                                      std::chrono::milliseconds least);

/// How long the rate limit needs to allow the queries of one more probe to the busiest server.
[[nodiscard]] std::chrono::milliseconds least_interval(const probe::Observation& observation,
                                                       const config::ProbeSettings& settings);

/// When to probe again after a verdict at `now`; empty if that verdict is final. If only time is missing, at
/// the safe time itself, so that the verdict rests on a probe of that time, or not at all if that is after
/// the deadline. Otherwise one interval later, the last time at the deadline.
[[nodiscard]] std::optional<probe::WallTime> next_probe(const checks::SafeTime& verdict, probe::WallTime now,
                                                        probe::WallTime deadline,
                                                        std::chrono::milliseconds interval,
                                                        std::chrono::milliseconds least);

/// Whether each server has the same progress as in the previous probe.
[[nodiscard]] bool same_progress(const std::vector<checks::ServerProgress>& before,
                                 const std::vector<checks::ServerProgress>& after);

/// A sleep that another thread can interrupt; all later sleeps are then interrupted too.
class Sleeper {
 public:
  /// Returns true at that time, false when interrupted.
  [[nodiscard]] bool sleep_until(probe::WallTime time);
  void interrupt();
  [[nodiscard]] bool interrupted();

 private:
  std::mutex mutex_{};
  std::condition_variable woken_{};
  bool interrupted_ = false;
};

}  // namespace dkimprobe::cli
