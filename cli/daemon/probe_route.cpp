#include "cli/daemon/probe_route.hpp"

#include <algorithm>
#include <cstddef>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "checks/judgement/judge.hpp"
#include "cli/io/report_output.hpp"
#include "cli/io/wall_clock.hpp"
#include "exporters/json/observation_words.hpp"
#include "exporters/metrics/metric_text.hpp"
#include "exporters/metrics/negotiation.hpp"
#include "exporters/metrics/report_metrics.hpp"
#include "exporters/store/history_changes.hpp"

namespace dkimprobe::cli {
namespace {

using exporters::Request;
using exporters::Response;
using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr std::size_t most_recent = 100;
/// Maximum octets of a parameter that are kept.
constexpr std::size_t longest_parameter = 300;

Response text_response(unsigned status, std::string text) {
  Response response;
  response.status = status;
  response.headers = {{"Cache-Control", "no-store"}};
  response.body = std::make_shared<const std::string>(std::move(text));
  return response;
}

std::string exchange_line(const probe::Exchange& exchange, const std::string& server, std::string_view what) {
  return fmt::format("  {:>7.1f} ms  {}  {} over {}, attempt {}: {} after {:.1f} ms\n",
                     static_cast<double>(exchange.started.count()) / 1'000.0, server, what,
                     exporters::word_of(exchange.transport), exchange.attempt,
                     exporters::word_of(exchange.outcome),
                     static_cast<double>(exchange.took.count()) / 1'000.0);
}

/// Every exchange with its time and outcome: first discovery, then the nameservers.
std::string exchanges_text(const probe::Observation& observation) {
  std::string text;
  for (const auto& hop : observation.key.hops) {
    for (const auto& [address, zone, exchange] : hop.delegation.exchanges) {
      text += exchange_line(exchange, address.to_string(),
                            fmt::format("{} {} as a server of {}", exporters::word_of(exchange.purpose),
                                        exchange.question_name.to_string(), zone.to_string()));
    }
    for (const auto& server : hop.servers) {
      const std::string name = fmt::format(
          "{} {}", server.names.empty() ? "" : server.names.front().to_string(), server.address.to_string());
      if (server.not_asked != probe::NotAsked::asked)
        text += fmt::format("  {:>10}  {}  {}\n", "", name, exporters::word_of(server.not_asked));
      for (const auto& exchange : server.exchanges)
        text += exchange_line(exchange, name, exporters::word_of(exchange.purpose));
    }
  }
  return text;
}

std::string debug_text(const ProbeRequest& request, const std::vector<probe::Observation>& seen,
                       const std::vector<checks::Report>& reports, const std::string& metrics) {
  const auto& module = request.module;
  std::string text = fmt::format("Module {}: timeout {:.3f} s, IPv4 {}, IPv6 {}\n\nLog of the probe:\n",
                                 module.name, std::chrono::duration<double>(module.timeout).count(),
                                 module.use_ipv4 ? "yes" : "no", module.use_ipv6 ? "yes" : "no");
  for (const auto& observation : seen) {
    text += fmt::format(" {} at {}\n", observation.selector.to_string(), observation.domain.to_string());
    text += exchanges_text(observation);
  }
  return text + "\nFindings:\n\n" + report_tables(request.domain, reports, ColorChoice::never) +
         "\nMetrics that would have been returned:\n" + metrics;
}

}  // namespace

std::vector<exporters::MeasuredReport> ProbeRoute::judge(const ProbeRequest& request,
                                                         const std::vector<probe::Observation>& seen,
                                                         std::vector<checks::Report>& reports) const {
  std::vector<std::optional<probe::WallTime>> first_seen;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const checks::TargetKey key{seen[i].domain, seen[i].selector};
    const auto known = state_.history(key);
    auto history = known ? *known : checks::SelectorHistory{};
    if (known) checks::rewind_to(history, seen[i]);
    reports.push_back(checks::judge(seen[i], request.expectations[i], history, request.facts.policy, {},
                                    known ? state_.elsewhere(key, history) : std::nullopt)
                          .report);
    first_seen.push_back(exporters::key_first_seen(history, reports.back()));
  }
  std::vector<exporters::MeasuredReport> measured;
  for (std::size_t i = 0; i < reports.size(); ++i) measured.push_back({&reports[i], first_seen[i]});
  return measured;
}

Response ProbeRoute::answer(const Request& request) {
  exporters::RecentProbe about;
  about.at = wall_time();
  const auto parameter = [&](std::string_view name) {
    return std::string(request.parameter(name).value_or("").substr(0, longest_parameter));
  };
  about.target = parameter("target");
  about.selector = parameter("selector");
  about.module = parameter("module");
  const auto probe = read_probe_request(request, *state_.list(), offset_);
  if (!probe) return refused(std::move(about), probe.error());

  const auto began = steady_clock::now();
  using Seen = std::optional<std::vector<probe::Observation>>;
  const auto promise = std::make_shared<std::promise<Seen>>();
  auto future = promise->get_future();
  probe_now_({probe->domain, probe->selectors, probe->facts.nameservers, probe->module.timeout,
              [promise](Seen observations) { promise->set_value(std::move(observations)); },
              probe->module.use_ipv4, probe->module.use_ipv6});
  const Seen seen = future.get();
  if (!seen) return refused(std::move(about), {503, "too many probes are running; try again later"});
  const auto took = steady_clock::now() - began;

  std::vector<checks::Report> reports;
  const auto measured = judge(*probe, *seen, reports);
  const checks::Status status = checks::worst(reports);
  const bool good = status == checks::Status::ok || status == checks::Status::warning;
  about.took = std::chrono::duration_cast<microseconds>(took);
  about.status = status;
  about.detail = std::ranges::find(reports, status, &checks::Report::status)->headline;
  remember(std::move(about));

  const exporters::MetricFormat format =
      probe->debug ? exporters::MetricFormat::text : exporters::choose_format(request.accept);
  exporters::MetricWriter writer(format);
  writer.begin({"probe_success", exporters::MetricKind::gauge,
                "1 if nothing critical was found and everything could be evaluated, else 0."});
  writer.sample({}, std::uint64_t{good ? 1U : 0U});
  writer.begin(
      {"probe_duration_seconds", exporters::MetricKind::gauge, "Duration of this probe in seconds."});
  writer.sample({}, std::chrono::duration<double>(took).count());
  write_report_metrics(writer, measured);
  std::string metrics = writer.finish();
  if (probe->debug) return text_response(200, debug_text(*probe, *seen, reports, metrics));
  Response response = text_response(200, std::move(metrics));
  response.content_type = exporters::content_type(format);
  return response;
}

Response ProbeRoute::refused(exporters::RecentProbe about, const ProbeRefusal& refusal) {
  about.detail = refusal.message;
  remember(std::move(about));
  if (refusal.unknown_module) {
    const std::lock_guard lock(mutex_);
    ++counts_.unknown_modules;
  }
  return text_response(refusal.status, refusal.message + '\n');
}

void ProbeRoute::remember(exporters::RecentProbe probe) {
  const std::lock_guard lock(mutex_);
  ++(probe.status ? counts_.answered : counts_.refused);
  recent_.push_front(std::move(probe));
  if (recent_.size() > most_recent) recent_.pop_back();
}

ProbeRoute::Counts ProbeRoute::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<exporters::RecentProbe> ProbeRoute::recent() const {
  const std::lock_guard lock(mutex_);
  return {recent_.begin(), recent_.end()};
}

}  // namespace dkimprobe::cli
