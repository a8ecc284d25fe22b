// The loop that probes until it is safe to sign with a key. Probing, waiting and the clock are passed in;
// nothing here touches network, clock or terminal.
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

/// One probe of the selector.
struct SelectorProbe {
  probe::Observation observation{};
  bool interrupted = false;  ///< ended before it was complete
};

/// What the loop needs from outside.
struct PreflightWorld {
  std::function<probe::WallTime()> now{};
  std::function<SelectorProbe()> probe{};
  /// Adds a complete probe to the history and returns the whole history.
  std::function<checks::SelectorHistory(const probe::Observation&)> remember{};
  /// Reads the caches of the operator's resolvers; returns nothing without resolvers.
  std::function<std::vector<checks::CacheAnswer>(const checks::Preflight&)> read_caches{};
  /// Sends the recursive query. Not set if unwanted; called only when it is safe to sign.
  std::function<std::vector<checks::CacheAnswer>(const checks::Preflight&)> ask_public{};
  /// Receives each verdict, with the time of the next probe if there is one.
  std::function<void(const checks::Preflight&, std::optional<probe::WallTime>)> progress{};
  /// Returns true at that time, false when the operator interrupts it.
  std::function<bool(probe::WallTime)> sleep_until{};
};

struct PreflightEnd {
  checks::Preflight preflight{};
  bool interrupted = false;
};

/// Probes once, and again as long as `wait` allows.
[[nodiscard]] PreflightEnd run_probes(const checks::SigningPlan& plan, const config::ProbeSettings& settings,
                                      std::chrono::milliseconds wait, const PreflightWorld& world);

}  // namespace dkimprobe::cli
