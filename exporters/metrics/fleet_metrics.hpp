// The state of all targets as metric families: findings, how each target is watched, maintenance, and the
// state of rotations. It judges nothing and reads no clock.
#pragma once

#include <cstddef>

#include "checks/fleet/fleet.hpp"
#include "exporters/metrics/metric_text.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::exporters {

/// Selectors beyond this number are left out of a page, so that an error in a list of targets does not take
/// down the Prometheus that scrapes it.
inline constexpr std::size_t most_selectors_listed = 50'000;

/// `now` only decides whether a maintenance window has ended. Families without samples are left out.
/// Returns how many series were left out because of the limits on selectors and on servers of a selector.
std::size_t write_fleet_metrics(MetricWriter& writer, const checks::Fleet& fleet, probe::WallTime now,
                                std::size_t most_selectors = most_selectors_listed);

}  // namespace dkimprobe::exporters
