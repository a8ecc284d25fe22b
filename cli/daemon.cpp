#include "cli/daemon.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "checks/history.hpp"
#include "checks/judge.hpp"
#include "cli/log.hpp"
#include "cli/report_output.hpp"
#include "cli/wall_clock.hpp"
#include "config/escape.hpp"
#include "config/internationalized_name.hpp"
#include "exporters/fleet.hpp"
#include "exporters/metrics/fleet_metrics.hpp"
#include "exporters/metrics/metric_page.hpp"
#include "exporters/metrics/metric_values.hpp"
#include "exporters/metrics/negotiation.hpp"
#include "exporters/metrics/report_metrics.hpp"
#include "exporters/metrics/self_metrics.hpp"
#include "probe/scheduler.hpp"

namespace dkimprobe::cli {
namespace {

using exporters::Applied;
using exporters::MetricFormat;
using exporters::Request;
using exporters::Response;
using exporters::TargetKey;
using probe::WallTime;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// How long a change may wait until the pages show it: many changes at once make them once.
constexpr milliseconds publish_gap{1'000};
constexpr int publisher_niceness = 10;
/// Of the thread that asks, which moves twice a second whatever there is to do.
constexpr std::chrono::seconds longest_silence{10};
/// How many looks may wait to be stored; beyond it the oldest are dropped, and the next look tells the same.
constexpr std::size_t longest_queue = 20'000;
constexpr milliseconds default_probe_time{10'000};
/// Taken from a scraper's time, so that the answer is there before it gives up.
constexpr milliseconds scrape_margin{500};

/// What is watched, and how it is judged: replaced as a whole on each reload.
struct Watched {
  std::map<config::DomainName, config::Policy> policies{};
  std::map<TargetKey, checks::Expectation> expectations{};
  std::map<config::DomainName, std::vector<config::NamedServer>> nameservers{};
};

Response plain(unsigned status, std::string text) {
  Response response;
  response.status = status;
  response.body = std::make_shared<const std::string>(std::move(text) + '\n');
  return response;
}

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

void tell_fit(const probe::PaceFit& fit) {
  if (fit.fits) return;
  log_line(LogLevel::warning, "the rounds do not fit the pace: they will begin late; a longer interval fits",
           {{"busiest_server", fit.busiest ? fit.busiest->to_string() : ""},
            {"queries_per_second_wanted", fmt::format("{:.1f}", fit.queries_per_second)},
            {"shortest_interval", fmt::format("{}s", fit.shortest_interval.count())}});
}

}  // namespace

class Daemon::State {
 public:
  State(const config::ProbeSettings& probe, std::optional<exporters::HistoryStore> history)
      : store_(std::move(history)),
        page_([this](MetricFormat format) { return render(format); }),
        scheduler_(probe, probe::ScheduleLimits{},
                   {[this](const probe::FinishedRound& round) { return judge(round); },
                    [this](const config::DomainName& domain, WallTime next) {
                      const std::lock_guard lock(mutex_);
                      set_next_round(fleet_, domain, next);
                    },
                    tell_fit}),
        publisher_([this] { publish(); }),
        writer_([this] { write_history(); }) {}

  ~State() { stop(); }

  void watch(const CheckPlan& plan, const config::Settings& settings) {
    auto watched = std::make_shared<Watched>();
    std::vector<exporters::WatchedTarget> targets;
    std::vector<probe::WatchedDomain> domains;
    for (const CheckTarget& target : plan.targets) {
      const auto said = std::ranges::find(settings.domains, target.domain, &config::DomainSettings::domain);
      for (std::size_t i = 0; i < target.selectors.size(); ++i) {
        TargetKey key{target.domain, target.selectors[i]};
        targets.push_back({key, said->group, target.expectations[i].role, std::nullopt, said->interval});
        watched->expectations.emplace(std::move(key), target.expectations[i]);
      }
      watched->policies.emplace(target.domain, target.policy);
      watched->nameservers.emplace(target.domain, target.probe.pinned_servers);
      domains.push_back({target.domain, target.selectors, said->interval, target.probe.pinned_servers});
    }
    auto histories = stored_histories(*watched);
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(histories_,
                    [&](const auto& entry) { return !watched->expectations.contains(entry.first); });
      histories_.merge(histories);
      watched_ = std::move(watched);
      set_targets(fleet_, std::move(targets));
      set_reload(fleet_, {true, wall_time(), wall_time(), {}});
    }
    scheduler_.replace(std::move(domains));
    changed();
  }

  void keep_settings(const config::Mistakes& mistakes) {
    {
      const std::lock_guard lock(mutex_);
      const auto& [where, message] = mistakes.front();
      set_reload(fleet_, {false, wall_time(), fleet_.reload.succeeded_at,
                          where.empty() ? message : fmt::format("{}: {}", where, message)});
    }
    changed();
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

  Response probe(const Request& request) {
    const auto target = request.parameter("target");
    if (!target || target->empty())
      return refused(400, "the parameter target is missing: a domain that is watched");
    if (const auto module = request.parameter("module"))
      return refused(400, fmt::format("there is no module {}", config::escape_text(*module, 80)));
    const auto domain = config::read_domain(*target);
    if (!domain) return refused(400, "target: " + domain.error().front().message);

    std::vector<config::Selector> selectors;
    std::shared_ptr<const Watched> watched;
    {
      const std::lock_guard lock(mutex_);
      watched = watched_;
    }
    for (const auto& [key, expectation] : watched->expectations) {
      if (key.domain == *domain) selectors.push_back(key.selector);
    }
    // Whoever reaches this page would else choose whom this machine asks.
    if (selectors.empty())
      return refused(403, "this domain is not watched; the settings name those that are");
    if (const auto chosen = request.parameter("selector")) {
      const auto selector = config::Selector::parse(*chosen);
      if (!selector) return refused(400, "selector: " + selector.error().front().message);
      if (std::ranges::find(selectors, *selector) == selectors.end())
        return refused(403, "this selector is not watched; the settings name those that are");
      selectors = {*selector};
    }
    milliseconds time = default_probe_time;
    if (request.timeout_seconds) {
      const auto given =
          milliseconds{static_cast<std::int64_t>(std::min(*request.timeout_seconds, 120.0) * 1'000)};
      time = std::clamp(given - scrape_margin, milliseconds{500}, default_probe_time);
    }

    const auto began = steady_clock::now();
    using Seen = std::optional<std::vector<probe::Observation>>;
    const auto promise = std::make_shared<std::promise<Seen>>();
    auto seen = promise->get_future();
    scheduler_.look_now({*domain, selectors, watched->nameservers.at(*domain), time,
                         [promise](Seen observations) { promise->set_value(std::move(observations)); }});
    const Seen observations = seen.get();
    if (!observations) return refused(503, "too many probes are under way; try again");
    ++probes_;

    std::vector<checks::Report> reports;
    for (const auto& observation : *observations) {
      const TargetKey key{observation.domain, observation.selector};
      reports.push_back(
          checks::judge(observation, watched->expectations.at(key), watched->policies.at(*domain)));
    }
    const checks::Status status = checks::worst(reports);
    const bool good = status == checks::Status::ok || status == checks::Status::warning;
    if (const auto debug = request.parameter("debug"); debug && *debug == "true")
      return plain(200, report_tables(*domain, reports, ColorChoice::never));

    const MetricFormat format = exporters::choose_format(request.accept);
    exporters::MetricWriter writer(format);
    writer.begin({"probe_success", exporters::MetricKind::gauge,
                  "Whether nothing critical was found, and all could be judged: 1 or 0."});
    writer.sample({}, std::uint64_t{good ? 1U : 0U});
    writer.begin({"probe_duration_seconds", exporters::MetricKind::gauge, "How long this probe took."});
    writer.sample({}, std::chrono::duration<double>(steady_clock::now() - began).count());
    std::vector<exporters::MeasuredReport> measured;
    for (const auto& report : reports) measured.push_back({&report, std::nullopt});
    write_report_metrics(writer, measured);
    Response response;
    response.content_type = exporters::content_type(format);
    response.body = std::make_shared<const std::string>(writer.finish());
    return response;
  }

  [[nodiscard]] bool is_alive() const {
    return steady_clock::now() - scheduler_.totals().taken_at < longest_silence;
  }

  void stop() {
    scheduler_.stop();
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    woken_.notify_all();
    if (publisher_.joinable()) publisher_.join();
    if (writer_.joinable()) writer_.join();
  }

 private:
  Response refused(unsigned status, std::string message) {
    ++probes_refused_;
    return plain(status, std::move(message));
  }

  /// What the store has of the targets that are new. Without `mutex_`, for which the thread that asks would
  /// wait.
  std::map<TargetKey, checks::SelectorHistory> stored_histories(const Watched& watched) {
    std::map<TargetKey, checks::SelectorHistory> histories;
    if (!store_) return histories;
    const auto is_known = [&](const TargetKey& key) {
      const std::lock_guard lock(mutex_);
      return histories_.contains(key);
    };
    for (const auto& [key, expectation] : watched.expectations) {
      if (is_known(key)) continue;
      const std::lock_guard lock(store_mutex_);
      if (auto loaded = store_->load(key.domain, key.selector)) {
        histories.emplace(key, std::move(*loaded));
      } else {
        log_line(LogLevel::error, "the history cannot be read", {{"error", loaded.error().front().message}});
      }
    }
    return histories;
  }

  /// On the thread that asks.
  probe::RoundVerdict judge(const probe::FinishedRound& round) {
    bool changed_for_certain = false;
    bool unconfirmed = false;
    bool all_failed = true;
    {
      const std::lock_guard lock(mutex_);
      for (const probe::Observation& observation : round.observations) {
        const TargetKey key{observation.domain, observation.selector};
        const auto expectation = watched_->expectations.find(key);
        if (expectation == watched_->expectations.end()) continue;
        checks::SelectorHistory& history = histories_[key];
        checks::extend(history, observation);
        const Applied applied = apply_report(
            fleet_, std::make_shared<const checks::Report>(checks::judge(
                        observation, expectation->second, history, watched_->policies.at(key.domain))));
        changed_for_certain = changed_for_certain || applied == Applied::changed;
        unconfirmed = unconfirmed || applied == Applied::unconfirmed;
        all_failed = all_failed && applied == Applied::failed;
        if (store_) {
          if (unwritten_.size() >= longest_queue) unwritten_.pop_front();
          unwritten_.push_back(observation);
        }
      }
      dirty_ = true;
    }
    woken_.notify_all();
    if (unconfirmed) return probe::RoundVerdict::unconfirmed;
    if (changed_for_certain) return probe::RoundVerdict::changed;
    return all_failed ? probe::RoundVerdict::failed : probe::RoundVerdict::unchanged;
  }

  void changed() {
    {
      const std::lock_guard lock(mutex_);
      dirty_ = true;
    }
    woken_.notify_all();
  }

  void publish() {
    // Of this thread alone: on one processor answers do not wait for a page that is being made.
    static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), publisher_niceness));
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      // Its own numbers change without any round.
      woken_.wait_for(lock, std::chrono::seconds{5}, [&] { return stopping_ || dirty_; });
      if (stopping_) return;
      dirty_ = false;
      lock.unlock();
      page_.publish();
      lock.lock();
      woken_.wait_for(lock, publish_gap, [&] { return stopping_; });
    }
  }

  void write_history() {
    std::unique_lock lock(mutex_);
    while (store_) {
      woken_.wait(lock, [&] { return stopping_ || !unwritten_.empty(); });
      if (unwritten_.empty()) return;  // stopping, and all is stored
      const std::vector<probe::Observation> looks(unwritten_.begin(), unwritten_.end());
      unwritten_.clear();
      lock.unlock();
      config::Result<void> stored;
      {
        const std::lock_guard store_lock(store_mutex_);
        stored = store_->record(looks, wall_time());
      }
      lock.lock();
      if (!stored) {
        ++history_failures_;
        if (history_stored_)
          log_line(LogLevel::error, "what was seen cannot be stored; probing goes on",
                   {{"error", stored.error().front().message}});
      } else if (!history_stored_) {
        log_line(LogLevel::info, "what is seen is stored again");
      }
      history_stored_ = stored.has_value();
      // Looks that come soon after each other share a transaction.
      if (!stopping_) woken_.wait_for(lock, publish_gap, [&] { return stopping_; });
    }
  }

  [[nodiscard]] exporters::SelfMetrics self_metrics() {
    const probe::SchedulerTotals totals = scheduler_.totals();
    exporters::SelfMetrics metrics;
    metrics.version = DKIMPROBE_VERSION;
    metrics.start_time = exporters::metric_value(started_);
    metrics.transports = {transport_metrics(totals.exchanges, probe::Transport::udp),
                          transport_metrics(totals.exchanges, probe::Transport::tcp)};
    metrics.ignored = totals.engine.ignored;
    metrics.rounds_full = totals.rounds_full;
    metrics.rounds_light = totals.rounds_light;
    metrics.rounds_failed = totals.rounds_failed;
    metrics.confirmations = totals.confirmations;
    metrics.rounds_late = totals.began_late;
    metrics.rounds_waiting = totals.late_now;
    metrics.rounds_under_way = totals.under_way;
    metrics.domains = totals.domains;
    metrics.domains_unseen = totals.unseen;
    if (totals.fit) metrics.fits_pace = totals.fit->fits;
    metrics.probes = probes_;
    metrics.probes_refused = probes_refused_;
    return metrics;
  }

  std::string render(MetricFormat format) {
    exporters::Fleet fleet;
    exporters::SelfMetrics self = self_metrics();
    {
      const std::lock_guard lock(mutex_);
      fleet = fleet_;
      if (store_) self.history_stored = history_stored_;
      self.history_failures = history_failures_;
    }
    self.reload_succeeded = fleet.reload.succeeded;
    self.reload_time = exporters::metric_value(fleet.reload.succeeded_at);
    exporters::MetricWriter writer(format);
    self.series_capped = write_fleet_metrics(writer, fleet, wall_time());
    write_self_metrics(self, writer);
    return writer.finish();
  }

  const WallTime started_ = wall_time();
  std::mutex store_mutex_{};
  std::optional<exporters::HistoryStore> store_;
  std::atomic<std::uint64_t> probes_{0};
  std::atomic<std::uint64_t> probes_refused_{0};

  std::mutex mutex_{};  ///< of what follows, up to the page
  std::condition_variable woken_{};
  bool stopping_ = false;
  bool dirty_ = false;
  bool history_stored_ = true;
  std::uint64_t history_failures_ = 0;
  std::shared_ptr<const Watched> watched_ = std::make_shared<const Watched>();
  exporters::Fleet fleet_{};
  std::map<TargetKey, checks::SelectorHistory> histories_{};
  std::deque<probe::Observation> unwritten_{};

  exporters::MetricPage page_;
  probe::Scheduler scheduler_;
  std::thread publisher_;
  std::thread writer_;
};

Daemon::Daemon(const config::ProbeSettings& probe, std::optional<exporters::HistoryStore> history)
    : state_(std::make_unique<State>(probe, std::move(history))) {}
Daemon::~Daemon() = default;

void Daemon::watch(const CheckPlan& plan, const config::Settings& settings) {
  state_->watch(plan, settings);
}

void Daemon::keep_settings(const config::Mistakes& mistakes) {
  state_->keep_settings(mistakes);
}

std::vector<exporters::Route> Daemon::routes(std::function<config::Result<void>()> reload) {
  State* const state = state_.get();
  return {
      {"GET", "/metrics", [state](const Request& request) { return state->metrics(request); }},
      {"GET", "/probe", [state](const Request& request) { return state->probe(request); }, 16},
      {"GET", "/-/healthy", [](const Request&) { return plain(200, "healthy"); }},
      {"GET", "/-/ready", [](const Request&) { return plain(200, "ready"); }},
      {"POST", "/-/reload",
       [reload = std::move(reload)](const Request&) {
         const auto done = reload();
         if (done) return plain(200, "reloaded");
         const auto& [where, message] = done.error().front();
         return plain(500, fmt::format("the settings are as before: {}{}{}", where, where.empty() ? "" : ": ",
                                       message));
       },
       1},
  };
}

bool Daemon::is_alive() const {
  return state_->is_alive();
}

void Daemon::stop() {
  state_->stop();
}

}  // namespace dkimprobe::cli
