#include "cli/daemon/daemon.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/report/time_text.hpp"
#include "cli/daemon/history_writer.hpp"
#include "cli/daemon/page_cache.hpp"
#include "cli/daemon/probe_route.hpp"
#include "cli/daemon/self_facts.hpp"
#include "cli/daemon/state_log.hpp"
#include "cli/daemon/status_route.hpp"
#include "cli/daemon/watch_state.hpp"
#include "cli/io/log.hpp"
#include "cli/io/output.hpp"
#include "cli/io/wall_clock.hpp"
#include "exporters/metrics/fleet_metrics.hpp"
#include "exporters/metrics/metric_page.hpp"
#include "exporters/metrics/negotiation.hpp"
#include "exporters/status/status_route.hpp"
#include "probe/schedule/scheduler.hpp"

namespace dkimprobe::cli {
namespace {

using exporters::MetricFormat;
using exporters::Request;
using exporters::Response;
using exporters::Route;

/// How long the probing thread may pause; when healthy, it moves twice a second.
constexpr std::chrono::seconds longest_pause{10};
/// Between two log lines on clients that were not accepted.
constexpr std::chrono::seconds log_interval{60};
constexpr unsigned most_probes = 16;
constexpr std::size_t most_errors_shown = 10;
constexpr unsigned most_pages = 8;  ///< status pages rendered at the same time

void log_fit(const probe::RateFit& fit) {
  if (fit.fits) return;
  log_line(LogLevel::warning,
           "the probes exceed the rate limit and will start late; give the domains of the busiest server at "
           "least the shortest interval, or raise rate_limit under probe in the settings",
           {{"busiest_server", fit.busiest ? fit.busiest->to_string() : ""},
            {"queries_per_second_wanted", fmt::format("{:.1f}", fit.queries_per_second)},
            {"shortest_interval", fmt::format("{}s", fit.shortest_interval.count())}});
}

/// The first few errors, and how many more there are.
std::vector<std::string> lines_of(const config::Errors& errors) {
  std::vector<std::string> lines;
  for (const auto& error : errors) {
    if (lines.size() == most_errors_shown) break;
    lines.push_back(line_of(error));
  }
  if (errors.size() > lines.size())
    lines.push_back(fmt::format("and {} more errors", errors.size() - lines.size()));
  return lines;
}

Response plain(unsigned status, std::string text) {
  Response response;
  response.status = status;
  response.headers = {{"Cache-Control", "no-store"}};
  response.body = std::make_shared<const std::string>(std::move(text) + '\n');
  return response;
}

}  // namespace

class Daemon::State {
 public:
  State(WatchList list, std::optional<exporters::HistoryStore> history, DaemonSettings settings)
      : settings_(std::move(settings)),
        writer_(std::move(history), [this] { publisher_.changed(); }),
        page_([this](MetricFormat format) { return render(format); }),
        scheduler_(list.probe, probe::ScheduleLimits{}, wall_time,
                   {[this](const probe::FinishedProbe& probe) { return take(probe); },
                    [this](const config::DomainName& domain, probe::WallTime next) {
                      state_.set_next_probe(domain, next);
                    },
                    log_fit}),
        probes_(
            state_, [this](probe::OnDemandProbe probe) { scheduler_.probe_now(std::move(probe)); },
            settings_.timeout_offset),
        publisher_([this] {
          log_changes();
          page_.publish();
        }) {
    watch(std::move(list));
  }

  ~State() { stop(); }

  void watch(WatchList list) {
    const std::lock_guard lock(watch_mutex_);
    for (const auto& [where, message] : list.warnings)
      log_line(LogLevel::warning, "settings", {{"where", where}, {"warning", message}});
    std::map<checks::TargetKey, WatchState::History> stored;
    for (const auto& key : state_.unknown_targets(list)) {
      if (auto loaded = writer_.load(key))
        stored.emplace(key, std::make_shared<const checks::SelectorHistory>(std::move(*loaded)));
    }
    const auto shared = std::make_shared<const WatchList>(std::move(list));
    state_.replace(shared, std::move(stored), wall_time());
    scheduler_.configure(shared->probe);
    scheduler_.replace(shared->probes);
    publisher_.changed();
  }

  void keep_settings(const config::Errors& errors) {
    checks::ReloadState reload;
    reload.succeeded = false;
    reload.at = wall_time();
    for (const auto& line : lines_of(errors)) reload.errors.emplace_back(line);
    state_.set_reload(std::move(reload));
    publisher_.changed();
  }

  Response metrics(const Request& request) {
    const MetricFormat format = exporters::choose_format(request.accept);
    const bool packed = exporters::accepts_gzip(request.accept_encoding);
    Response response;
    response.content_type = exporters::content_type(format);
    response.headers = {{"Vary", "Accept, Accept-Encoding"}};
    if (packed) response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = page_.get(format, packed);
    return response;
  }

  Response probe(const Request& request) { return probes_.answer(request); }

  Response status(const Request& request) {
    const auto now = wall_time();
    auto overview = status_overview(*state_.fleet(now), now);
    overview.version = DKIMPROBE_VERSION;
    overview.path_prefix = settings_.path_prefix;
    overview.recent_probes = probes_.recent();
    return status_response(request, std::move(overview), state_);
  }

  /// What `/-/healthy` and `/-/ready` respond when all is well, which is `word`.
  Response health(std::string word) const {
    if (is_alive()) return plain(200, std::move(word));
    return plain(503, fmt::format("the probing thread has not moved for {} seconds",
                                  std::chrono::duration_cast<std::chrono::seconds>(pause()).count()));
  }

  Response ready() const { return stopping_ ? plain(503, "ending") : health("ready"); }

  [[nodiscard]] bool is_alive() const { return pause() < longest_pause; }

  void client_not_accepted(const std::string& reason) {
    ++clients_not_accepted_;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_log_) return;
    next_log_ = now + log_interval;
    log_line(LogLevel::error, "a client could not be accepted",
             {{"error", reason}, {"times", fmt::format("{}", clients_not_accepted_.load())}});
  }

  void stop() {
    stopping_ = true;
    scheduler_.stop();
    publisher_.stop();
    writer_.stop();
  }

  [[nodiscard]] const std::string& path_prefix() const { return settings_.path_prefix; }

 private:
  /// Called on the probing thread.
  probe::ProbeVerdict take(const probe::FinishedProbe& probe) {
    const auto now = wall_time();
    auto earliest = now;
    for (const auto& observation : probe.observations) earliest = std::min(earliest, observation.observed_at);
    if (!is_plausible(earliest)) return probe::ProbeVerdict::failed;
    const auto verdict = state_.take(probe, now);
    // The metrics show a change once it is stored.
    if (!writer_.add(probe.observations, verdict == probe::ProbeVerdict::changed)) publisher_.changed();
    return verdict;
  }

  /// Whether the clock can be right; a wrong one is logged once. Called on the probing thread.
  bool is_plausible(probe::WallTime time) {
    const bool is_wrong = time < earliest_time;
    if (is_wrong && !clock_is_wrong_) {
      log_line(
          LogLevel::error,
          "the clock of this machine cannot be right: what is seen is neither used nor stored until it is",
          {{"time", checks::iso_time(time)}});
    }
    clock_is_wrong_ = is_wrong;
    return !is_wrong;
  }

  /// How long the probing thread has not moved.
  [[nodiscard]] std::chrono::steady_clock::duration pause() const {
    return std::chrono::steady_clock::now() - scheduler_.totals().taken_at;
  }

  /// Called on the publisher's thread.
  void log_changes() {
    const auto now = wall_time();
    for (const auto& [level, message, fields] : state_log_.lines(state_.fleet(now), now))
      log_line(level, message, fields);
  }

  std::string render(MetricFormat format) {
    const auto now = wall_time();
    const auto fleet = state_.fleet(now);
    exporters::MetricWriter writer(format);
    auto self = self_facts(scheduler_.totals(), fleet->reload, probes_.counts(), writer_.facts(), started_);
    self.path_intercepted = checks::path_intercepted(*fleet);
    self.clients_not_accepted = clients_not_accepted_;
    self.log_lines_dropped = dropped_log_lines();
    self.series_capped = write_fleet_metrics(writer, *fleet, now);
    write_self_metrics(self, writer);
    return writer.finish();
  }

  const DaemonSettings settings_;
  const probe::WallTime started_ = wall_time();
  bool clock_is_wrong_ = false;  ///< at the last probe
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> clients_not_accepted_{0};
  std::chrono::steady_clock::time_point next_log_{};  ///< on them; used by one thread only
  std::mutex watch_mutex_{};                          ///< serializes `watch`
  WatchState state_{};
  HistoryWriter writer_;
  exporters::MetricPage page_;
  StateLog state_log_{};  ///< used by the publisher's thread only
  probe::Scheduler scheduler_;
  ProbeRoute probes_;
  Publisher publisher_;
};

Daemon::Daemon(WatchList list, std::optional<exporters::HistoryStore> history, DaemonSettings settings)
    : state_(std::make_unique<State>(std::move(list), std::move(history), std::move(settings))) {}
Daemon::~Daemon() = default;

void Daemon::watch(WatchList list) {
  state_->watch(std::move(list));
}

void Daemon::keep_settings(const config::Errors& errors) {
  state_->keep_settings(errors);
}

std::vector<Route> Daemon::routes(std::function<config::Result<void>()> reload) {
  State* const state = state_.get();
  const auto status = [state](const Request& request) { return state->status(request); };
  std::vector<Route> routes = {
      {"GET", "/metrics", [state](const Request& request) { return state->metrics(request); }},
      {"GET", "/probe", [state](const Request& request) { return state->probe(request); }, most_probes},
      {"GET", "/", status, most_pages},
      {"GET", "/probes", status, most_pages},
      {"GET", "/checks", status, most_pages},
      {"GET", "/domains/*", status, most_pages},
      {"GET", "/api/*", status, most_pages},
      {"GET", std::string(exporters::stylesheet_path), [](const Request&) { return stylesheet_response(); }},
      {"GET", "/-/healthy", [state](const Request&) { return state->health("healthy"); }},
      {"GET", "/-/ready", [state](const Request&) { return state->ready(); }},
      {"POST", "/-/reload",
       [reload = std::move(reload)](const Request&) {
         const auto done = reload();
         if (done) return plain(200, "reloaded");
         return plain(500, fmt::format("Reload failed, the old settings stay in use:\n{}",
                                       fmt::join(lines_of(done.error()), "\n")));
       },
       1},
  };
  const std::string& prefix = state->path_prefix();
  if (prefix.empty()) return routes;
  // Works whether or not a proxy in front strips the prefix.
  for (std::size_t i = 0, count = routes.size(); i < count; ++i) {
    Route prefixed = routes[i];
    prefixed.path = prefix + prefixed.path;
    prefixed.handle = [handle = prefixed.handle, length = prefix.size()](Request request) {
      request.path.erase(0, length);
      return handle(request);
    };
    routes.push_back(std::move(prefixed));
  }
  return routes;
}

bool Daemon::is_alive() const {
  return state_->is_alive();
}

void Daemon::client_not_accepted(const std::string& reason) {
  state_->client_not_accepted(reason);
}

void Daemon::stop() {
  state_->stop();
}

}  // namespace dkimprobe::cli
