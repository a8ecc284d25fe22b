#include "exporters/metrics/self_metrics.hpp"

#include "exporters/json/observation_words.hpp"

namespace dkimprobe::exporters {
namespace {

void write_gauge(MetricWriter& writer, std::string_view name, std::string_view help, double value) {
  writer.begin({name, MetricKind::gauge, help});
  writer.sample({}, value);
}

void write_counter(MetricWriter& writer, std::string_view name, std::string_view help, std::uint64_t value) {
  writer.begin({name, MetricKind::counter, help});
  writer.sample({}, value);
}

void write_queries(const SelfMetrics& metrics, MetricWriter& writer) {
  const auto& transports = words_of<probe::Transport>();
  const auto& outcomes = words_of<probe::Outcome>();
  writer.begin({"dkimprobe_queries", MetricKind::counter, "Queries sent, by transport and outcome."});
  for (std::size_t i = 0; i < transports.size(); ++i) {
    for (std::size_t j = 0; j < outcomes.size(); ++j) {
      writer.sample(MetricLabels{}.add("transport", transports[i]).add("outcome", outcomes[j]),
                    metrics.transports[i].outcomes[j]);
    }
  }
  writer.begin({"dkimprobe_query_duration_seconds", MetricKind::histogram,
                "Time from a query to its answer in seconds, by transport; only answered queries count."});
  for (std::size_t i = 0; i < transports.size(); ++i) {
    const TransportMetrics& transport = metrics.transports[i];
    writer.histogram(MetricLabels{}.add("transport", transports[i]),
                     {transport.duration_bounds, transport.duration_counts, transport.duration_sum});
  }
  writer.begin({"dkimprobe_ignored_datagrams", MetricKind::counter,
                "Messages received that answer no query, by reason."});
  const auto& reasons = words_of<probe::IgnoreReason>();
  for (std::size_t i = 0; i < reasons.size(); ++i)
    writer.sample(MetricLabels{}.add("reason", reasons[i]), metrics.ignored[i]);
}

void write_probes(const SelfMetrics& metrics, MetricWriter& writer) {
  writer.begin({"dkimprobe_domain_probes", MetricKind::counter, "Completed probes of a domain, by depth."});
  writer.sample(MetricLabels{}.add("depth", "full"), metrics.full_probes);
  writer.sample(MetricLabels{}.add("depth", "quick"), metrics.quick_probes);
  write_counter(writer, "dkimprobe_domain_probes_failed", "Probes of a domain in which no server answered.",
                metrics.probes_failed);
  write_counter(writer, "dkimprobe_domain_probes_confirming", "Probes made at once to confirm a change.",
                metrics.confirmations);
  write_counter(writer, "dkimprobe_domain_probes_late",
                "Probes that began late, by a tenth of their interval or more.", metrics.probes_late);
  write_gauge(writer, "dkimprobe_domain_probes_behind_schedule",
              "Probes that have not begun although overdue by a tenth of their interval or more.",
              static_cast<double>(metrics.probes_waiting));
  write_gauge(writer, "dkimprobe_domain_probes_running", "Probes in progress.",
              static_cast<double>(metrics.probes_running));
  write_gauge(writer, "dkimprobe_domains", "Domains watched.", static_cast<double>(metrics.domains));
  write_gauge(writer, "dkimprobe_domains_never_probed", "Domains watched that have not been probed yet.",
              static_cast<double>(metrics.domains_never_probed));
  write_gauge(writer, "dkimprobe_path_intercepted",
              "Whether something on the path answers in place of the nameservers, according to the latest "
              "probe of any "
              "domain: 1 or 0.",
              metrics.path_intercepted ? 1 : 0);
  if (metrics.fits_rate_limit) {
    write_gauge(writer, "dkimprobe_rate_limit_sufficient",
                "Whether all probes fit their intervals within the rate limit: 1 or 0.",
                *metrics.fits_rate_limit ? 1 : 0);
  }
  write_counter(writer, "dkimprobe_probe_requests", "Requests for /probe that were answered.",
                metrics.probes);
  write_counter(writer, "dkimprobe_probe_requests_refused", "Requests for /probe that were refused.",
                metrics.probes_refused);
  write_counter(writer, "dkimprobe_module_unknown", "Requests for /probe with an unknown module.",
                metrics.unknown_modules);
}

}  // namespace

void write_self_metrics(const SelfMetrics& metrics, MetricWriter& writer) {
  writer.begin({"dkimprobe_build_info", MetricKind::gauge, "Version of the program; always 1."});
  writer.sample(MetricLabels{}.add("version", metrics.version), std::uint64_t{1});
  write_gauge(writer, "dkimprobe_start_time_seconds", "Start time of the program, in seconds since 1970.",
              metrics.start_time);
  write_gauge(writer, "dkimprobe_config_last_reload_successful",
              "Whether the last reload of settings and target files succeeded: 1 or 0.",
              metrics.reload_succeeded ? 1 : 0);
  write_gauge(writer, "dkimprobe_config_last_reload_success_timestamp_seconds",
              "Time when the settings in use were read, in seconds since 1970.", metrics.reload_time);
  write_gauge(writer, "dkimprobe_series_capped",
              "Series left out of this page: of too many selectors, or of too many servers of a selector.",
              static_cast<double>(metrics.series_capped));
  write_counter(writer, "dkimprobe_http_accept_failures",
                "Failed attempts to accept an HTTP client, for example because too many files are open.",
                metrics.clients_not_accepted);
  write_counter(writer, "dkimprobe_log_lines_dropped", "Log lines dropped because nobody read the log.",
                metrics.log_lines_dropped);
  write_queries(metrics, writer);
  write_probes(metrics, writer);
  if (metrics.history_stored) {
    write_gauge(writer, "dkimprobe_history_writable", "Whether the last probe could be stored: 1 or 0.",
                *metrics.history_stored ? 1 : 0);
    write_counter(writer, "dkimprobe_history_failures", "Failed attempts to store probes.",
                  metrics.history_failures);
    write_counter(writer, "dkimprobe_history_dropped_probes",
                  "Probes not stored because they waited too long.", metrics.history_dropped);
  }
}

}  // namespace dkimprobe::exporters
