// When servers are looked at again, and the sleep until then, for every command that waits. Nothing here asks
// a server.
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

/// How often the servers are looked at while something is to change there.
inline constexpr std::chrono::milliseconds first_interval{5'000};
inline constexpr std::chrono::milliseconds longest_interval{60'000};

/// Between two looks: short again when something changed, for then the rest often follows; else half as long
/// again as before. Never under `least`.
[[nodiscard]] std::chrono::milliseconds next_interval(std::chrono::milliseconds last, bool changed,
                                                      std::chrono::milliseconds least);

/// How long the pace of the settings takes to give back what a look took from the busiest server.
[[nodiscard]] std::chrono::milliseconds least_interval(const probe::Observation& observation,
                                                       const config::ProbeSettings& settings);

/// One interval from now, and the last time at the deadline; nothing when that would be sooner than `least`.
[[nodiscard]] std::optional<probe::WallTime> next_poll(probe::WallTime now, probe::WallTime deadline,
                                                       std::chrono::milliseconds interval,
                                                       std::chrono::milliseconds least);

/// Whether each server has what it had at the look before.
[[nodiscard]] bool same_progress(const std::vector<checks::ServerProgress>& before,
                                 const std::vector<checks::ServerProgress>& after);

/// A sleep that another thread can end, and with it all later ones.
class Sleeper {
 public:
  /// Returns at that time, or with false when it is interrupted.
  [[nodiscard]] bool sleep_until(probe::WallTime time);
  void interrupt();
  [[nodiscard]] bool interrupted();

 private:
  std::mutex mutex_{};
  std::condition_variable woken_{};
  bool interrupted_ = false;
};

}  // namespace dkimprobe::cli
