// The state of all targets as metric families: what was found, how each is watched, planned work, and where
// rotations stand. It judges nothing and looks at no clock.
#pragma once

#include "exporters/fleet.hpp"
#include "exporters/metrics/metric_text.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::exporters {

/// `now` decides alone whether a silence has ended. A family without a sample is left out.
void write_fleet_metrics(MetricWriter& writer, const Fleet& fleet, probe::WallTime now);

}  // namespace dkimprobe::exporters
