// The state of all targets as metric families: what was found, how each is watched, planned work, and where
// rotations stand. It judges nothing and looks at no clock.
#pragma once

#include <cstddef>

#include "checks/fleet/fleet.hpp"
#include "exporters/metrics/metric_text.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::exporters {

/// A page tells of the first selectors alone, beyond this many: a mistake in a list of targets should not
/// take the Prometheus down that reads it.
inline constexpr std::size_t most_selectors_told = 50'000;

/// `now` decides alone whether a silence has ended. A family without a sample is left out.
/// Returns how many series were not written, beyond the bounds of selectors and of servers of a selector.
std::size_t write_fleet_metrics(MetricWriter& writer, const checks::Fleet& fleet, probe::WallTime now,
                                std::size_t most_selectors = most_selectors_told);

}  // namespace dkimprobe::exporters
