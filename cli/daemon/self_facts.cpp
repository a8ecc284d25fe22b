#include "cli/daemon/self_facts.hpp"

#include <chrono>
#include <cstddef>

#include "exporters/metrics/metric_values.hpp"

namespace dkimprobe::cli {
namespace {

exporters::TransportMetrics transport_metrics(const probe::ExchangeTotals& totals,
                                              probe::Transport transport) {
  const auto place = static_cast<std::size_t>(transport);
  const probe::DurationHistogram& durations = totals.durations[place];
  exporters::TransportMetrics metrics;
  metrics.outcomes = totals.outcomes[place];
  for (const auto bound : probe::DurationHistogram::bounds)
    metrics.duration_bounds.push_back(std::chrono::duration<double>(bound).count());
  metrics.duration_counts.assign(durations.counts.begin(), durations.counts.end());
  metrics.duration_sum = std::chrono::duration<double>(durations.sum).count();
  return metrics;
}

}  // namespace

exporters::SelfMetrics self_facts(const probe::SchedulerTotals& scheduler, const checks::ReloadState& reload,
                                  const ProbeRoute::Counts& requests, const HistoryWriter::Facts& history,
                                  probe::WallTime started) {
  exporters::SelfMetrics metrics;
  metrics.version = DKIMPROBE_VERSION;
  metrics.start_time = exporters::metric_value(started);
  metrics.transports = {transport_metrics(scheduler.exchanges, probe::Transport::udp),
                        transport_metrics(scheduler.exchanges, probe::Transport::tcp)};
  metrics.ignored = scheduler.engine.ignored;
  metrics.full_probes = scheduler.full_probes;
  metrics.quick_probes = scheduler.quick_probes;
  metrics.probes_failed = scheduler.probes_failed;
  metrics.confirmations = scheduler.confirmations;
  metrics.probes_late = scheduler.began_late;
  metrics.probes_waiting = scheduler.late_now;
  metrics.probes_running = scheduler.under_way;
  metrics.domains = scheduler.domains;
  metrics.domains_never_probed = scheduler.never_probed;
  if (scheduler.fit) metrics.fits_rate_limit = scheduler.fit->fits;
  metrics.probes = requests.answered;
  metrics.probes_refused = requests.refused;
  metrics.unknown_modules = requests.unknown_modules;
  metrics.reload_succeeded = reload.succeeded;
  metrics.reload_time = exporters::metric_value(reload.succeeded_at);
  metrics.history_stored = history.stored;
  metrics.history_failures = history.failures;
  metrics.history_dropped = history.dropped;
  return metrics;
}

}  // namespace dkimprobe::cli
