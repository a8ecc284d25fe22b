// The program's metrics about itself, from the counters of its parts.
#pragma once

#include "checks/fleet/fleet.hpp"
#include "cli/daemon/history_writer.hpp"
#include "cli/daemon/probe_route.hpp"
#include "exporters/metrics/self_metrics.hpp"
#include "probe/schedule/scheduler.hpp"

namespace dkimprobe::cli {

[[nodiscard]] exporters::SelfMetrics self_facts(const probe::SchedulerTotals& scheduler,
                                                const checks::ReloadState& reload,
                                                const ProbeRoute::Counts& requests,
                                                const HistoryWriter::Facts& history, probe::WallTime started);

}  // namespace dkimprobe::cli
