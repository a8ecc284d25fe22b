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

exporters::SelfMetrics self_facts(const probe::SchedulerTotals& rounds, const checks::ReloadState& reload,
                                  const ProbeRoute::Counts& probes, const HistoryWriter::Facts& history,
                                  probe::WallTime started) {
  exporters::SelfMetrics metrics;
  metrics.version = DKIMPROBE_VERSION;
  metrics.start_time = exporters::metric_value(started);
  metrics.transports = {transport_metrics(rounds.exchanges, probe::Transport::udp),
                        transport_metrics(rounds.exchanges, probe::Transport::tcp)};
  metrics.ignored = rounds.engine.ignored;
  metrics.rounds_full = rounds.rounds_full;
  metrics.rounds_light = rounds.rounds_light;
  metrics.rounds_failed = rounds.rounds_failed;
  metrics.confirmations = rounds.confirmations;
  metrics.rounds_late = rounds.began_late;
  metrics.rounds_waiting = rounds.late_now;
  metrics.rounds_under_way = rounds.under_way;
  metrics.domains = rounds.domains;
  metrics.domains_unseen = rounds.unseen;
  if (rounds.fit) metrics.fits_pace = rounds.fit->fits;
  metrics.probes = probes.answered;
  metrics.probes_refused = probes.refused;
  metrics.unknown_modules = probes.unknown_modules;
  metrics.reload_succeeded = reload.succeeded;
  metrics.reload_time = exporters::metric_value(reload.succeeded_at);
  metrics.history_stored = history.stored;
  metrics.history_failures = history.failures;
  metrics.history_dropped = history.dropped;
  return metrics;
}

}  // namespace dkimprobe::cli
