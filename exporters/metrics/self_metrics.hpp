// Metrics of the program itself: queries and their outcomes, the schedule, and the state of its parts. Counts
// are since the start. The metrics of domains are in fleet_metrics.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "exporters/metrics/metric_text.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::exporters {

inline constexpr std::size_t outcome_count = static_cast<std::size_t>(probe::Outcome::superseded) + 1;

/// The queries of one transport.
struct TransportMetrics {
  std::array<std::uint64_t, outcome_count> outcomes{};  ///< by `probe::Outcome`
  std::vector<double> duration_bounds{};                ///< in seconds, ascending
  std::vector<std::uint64_t> duration_counts{};         ///< one more than the bounds; not cumulative
  double duration_sum = 0.0;                            ///< in seconds
};

struct SelfMetrics {
  std::string version{};
  double start_time = 0.0;                                          ///< seconds since 1970
  std::array<TransportMetrics, 2> transports{};                     ///< by `probe::Transport`
  std::array<std::uint64_t, probe::ignore_reason_count> ignored{};  ///< by `probe::IgnoreReason`
  std::uint64_t full_probes = 0;
  std::uint64_t quick_probes = 0;
  std::uint64_t probes_failed = 0;
  std::uint64_t confirmations = 0;
  std::uint64_t probes_late = 0;   ///< began late, by a tenth of their interval or more
  std::size_t probes_waiting = 0;  ///< overdue by as much, and not begun
  std::size_t probes_running = 0;
  std::size_t domains = 0;
  std::size_t domains_never_probed = 0;
  bool path_intercepted = false;          ///< see checks/fleet/fleet.hpp
  std::optional<bool> fits_rate_limit{};  ///< whether the probes fit the rate limit, once known
  std::uint64_t probes = 0;               ///< of `/probe`
  std::uint64_t probes_refused = 0;
  std::uint64_t unknown_modules = 0;  ///< among them
  std::size_t series_capped = 0;      ///< left out of the page
  bool reload_succeeded = true;
  double reload_time = 0.0;  ///< when the settings in use were read, seconds since 1970
  std::optional<bool>
      history_stored{};  ///< whether the last probe could be stored; no value without a history
  std::uint64_t history_failures = 0;
  std::uint64_t history_dropped = 0;  ///< probes that waited too long to be stored
  std::uint64_t clients_not_accepted = 0;
  std::uint64_t log_lines_dropped = 0;
};

void write_self_metrics(const SelfMetrics& metrics, MetricWriter& writer);

}  // namespace dkimprobe::exporters
