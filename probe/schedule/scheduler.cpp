#include "probe/schedule/scheduler.hpp"

#include <pthread.h>

#include <algorithm>
#include <list>
#include <set>
#include <unordered_map>
#include <utility>

#include "probe/collection/domain_probe.hpp"
#include "probe/collection/send_queue.hpp"
#include "probe/collection/server_cache.hpp"
#include "probe/discovery/zone_cache.hpp"
#include "probe/schedule/quick_probe.hpp"
#include "probe/transport/random_bits.hpp"

namespace dkimprobe::probe {
namespace {

using config::DomainName;
using config::ServerAddress;

/// A probe begins only when its first queries would wait at most this long for the rate limit: longer waits
/// would use up the time for the domain.
constexpr std::chrono::seconds longest_wait{5};
constexpr std::size_t first_queries = 8;  ///< to one server, in a probe of one selector
constexpr std::chrono::milliseconds totals_age{500};
/// If no server of a domain answers, its registry is asked again before the TTL of the delegation is over:
/// the delegation may have changed.
constexpr std::chrono::minutes dead_zone_life{10};

/// What later probes of a domain need from earlier ones.
struct Memory {
  std::vector<ServerAddress> servers{};
  std::shared_ptr<const std::vector<Observation>> last_full{};  ///< null before the first
};

ScheduleLimits at_rate(ScheduleLimits limits, double rate_per_second) {
  limits.rate_per_second = rate_per_second;
  return limits;
}

std::vector<ServerAddress> servers_of(const std::vector<Observation>& observations) {
  std::set<ServerAddress> servers;
  for (const Observation& observation : observations) {
    for (const Hop& hop : observation.key.hops) {
      for (const ServerObservation& server : hop.servers) {
        if (server.not_asked == NotAsked::asked) servers.insert(server.address);
      }
    }
  }
  return {servers.begin(), servers.end()};
}

/// Longer time limits for scheduled probes: no one waits for them, and much of their time goes to the rate
/// limit, which they share with other probes.
config::ProbeSettings patient(config::ProbeSettings settings) {
  constexpr int times = 10;
  settings.budgets.discovery_timeout *= times;
  settings.budgets.domain_time *= times;
  return settings;
}

}  // namespace

class ScheduleDriver::State final : public QueryHandler {
 public:
  State(Sockets& sockets, config::ProbeSettings settings, const ScheduleLimits& limits,
        std::function<WallTime()> wall_now, SchedulerEvents events, JudgeApart judge_apart)
      : settings_(std::move(settings)),
        limits_(at_rate(limits, settings_.rate_per_second)),
        wall_now_(std::move(wall_now)),
        events_(std::move(events)),
        judge_apart_(std::move(judge_apart)),
        engine_(sockets, one_use_sockets),
        servers_(settings_),
        schedule_(limits_, random_.bits64()) {}

  ~State() {
    for (Active& active : active_) active.finished = {};
    interrupt();
  }

  void configure(config::ProbeSettings settings) {
    if (over_) return;
    if (settings.rate_burst != settings_.rate_burst || settings.rate_per_second != settings_.rate_per_second)
      servers_ = ServerMemories(settings);
    limits_ = at_rate(limits_, settings.rate_per_second);
    schedule_.set_rate_limit(settings.rate_per_second);
    if (settings.root_servers != settings_.root_servers) zones_ = ZoneCache{};
    settings_ = std::move(settings);
    fit_.reset();
    work();
  }

  void replace(const std::vector<WatchedDomain>& targets) {
    if (over_) return;
    schedule_.replace(targets, engine_.now());
    std::erase_if(memories_, [&](const auto& known) { return schedule_.find(known.first) == nullptr; });
    fit_.reset();
    work();
  }

  void probe_now(OnDemandProbe probe) {
    if (over_ || on_demand_running_ >= most_on_demand) {
      ++on_demand_refused_;
      return probe.finished(std::nullopt);
    }
    ++on_demand_;
    ++on_demand_running_;
    config::ProbeSettings settings = settings_;
    settings.budgets.domain_time = std::max(probe.time, std::chrono::milliseconds{1});
    settings.use_ipv4 = settings.use_ipv4 && probe.use_ipv4;
    settings.use_ipv6 = settings.use_ipv6 && probe.use_ipv6;
    begin(std::move(settings), probe.domain, probe.selectors, probe.nameservers, {},
          std::move(probe.finished));
  }

  void interrupt() {
    over_ = true;
    for (Active& active : active_) active.domain_probe->interrupt();
    engine_.interrupt(*this);
    finish_probes();
  }

  [[nodiscard]] SchedulerTotals totals() const {
    SchedulerTotals totals;
    totals.engine = engine_.totals();
    totals.exchanges = exchanges_;
    totals.full_probes = full_probes_;
    totals.quick_probes = quick_probes_;
    totals.probes_failed = probes_failed_;
    totals.confirmations = confirmations_;
    totals.began_late = schedule_.began_late();
    totals.on_demand = on_demand_;
    totals.on_demand_refused = on_demand_refused_;
    totals.domains = schedule_.size();
    totals.never_probed = schedule_.never_probed();
    totals.under_way = schedule_.under_way();
    totals.on_demand_running = on_demand_running_;
    totals.late_now = schedule_.late(engine_.now());
    totals.fit = fit_;
    totals.taken_at = engine_.now();
    return totals;
  }

 private:
  using ProbeFinished = decltype(OnDemandProbe::finished);

  struct Active {
    config::ProbeSettings settings{};
    Schedule::Turn turn{};
    ProbeFinished finished{};  ///< empty for a scheduled probe
    bool is_on_demand = false;
    std::unique_ptr<DomainProbe> domain_probe{};
    std::optional<std::vector<Observation>> observations{};  ///< present when the probe is over
  };

  struct Judged {
    FinishedProbe probe{};
    ProbeVerdict verdict = ProbeVerdict::unchanged;
  };

  void on_result(std::uint32_t, const QueryResult&) override {}
  void on_timer(std::uint32_t token) override {
    // Only the latest timer counts; earlier ones are ignored.
    if (token != timer_) return;
    armed_ = MonotonicTime::max();
    work();
  }

  void wake_by(MonotonicTime time) {
    if (over_ || time >= armed_) return;
    armed_ = time;
    engine_.call_at(time, *this, ++timer_);
  }

  void begin(config::ProbeSettings settings, const DomainName& domain,
             const std::vector<config::Selector>& selectors,
             const std::vector<config::NamedServer>& nameservers, Schedule::Turn turn,
             ProbeFinished finished) {
    Active& active = active_.emplace_back();
    active.settings = std::move(settings);
    active.settings.pinned_servers = nameservers;
    active.turn = std::move(turn);
    active.is_on_demand = static_cast<bool>(finished);
    active.finished = std::move(finished);
    std::optional<QuickProbe> quick;
    if (active.turn.depth == ProbeDepth::quick) quick = QuickProbe{memories_[domain].last_full};
    active.domain_probe = std::make_unique<DomainProbe>(
        ProbeContext{active.settings, engine_, zones_, servers_, turns_, random_, RegistryUse::sample,
                     &exchanges_, active.is_on_demand ? Urgency::awaited : Urgency::scheduled},
        domain, selectors, wall_now_(),
        [this, &active](std::vector<Observation> observations) {
          active.observations = std::move(observations);
          // The probe must not be destroyed from within its own callback.
          wake_by(engine_.now());
        },
        std::move(quick));
    active.domain_probe->start();
  }

  [[nodiscard]] MonotonicTime admitted_at(const DomainName& domain, MonotonicTime now) {
    MonotonicTime::duration wait{0};
    const auto ask = [&](const ServerAddress& server) {
      wait = std::max(wait, turns_.wait_of_newcomer(server, first_queries));
    };
    if (const auto known = memories_.find(domain);
        known != memories_.end() && !known->second.servers.empty()) {
      for (const ServerAddress& server : known->second.servers) ask(server);
    } else {
      for (const config::NamedServer& server : schedule_.find(domain)->nameservers) {
        ask({server.ip, server.port.value_or(settings_.port)});
      }
    }
    return now + std::max(wait - longest_wait, MonotonicTime::duration{0});
  }

  void work() {
    finish_probes();
    if (over_) return;
    const MonotonicTime now = engine_.now();
    const Schedule::Admission admission = [&](const DomainName& domain) { return admitted_at(domain, now); };
    while (auto turn = schedule_.begin_next(now, admission)) {
      const WatchedDomain target = *schedule_.find(turn->domain);
      begin(patient(settings_), target.domain, target.selectors, target.nameservers, std::move(*turn), {});
    }
    if (const auto next = schedule_.next_turn(now, admission)) wake_by(*next);
    if (!fit_ && schedule_.never_probed() == 0) reckon_fit();
  }

  void finish_probes() {
    for (auto at = active_.begin(); at != active_.end();) {
      const auto active = at++;
      if (!active->observations) continue;
      active->domain_probe.reset();
      Active over = std::move(*active);
      active_.erase(active);
      if (over.is_on_demand) {
        --on_demand_running_;
        if (over.finished) over.finished(std::move(over.observations));
      } else if (!over_) {
        finish_turn(over.turn, std::move(*over.observations));
      }
    }
  }

  void finish_turn(const Schedule::Turn& turn, std::vector<Observation> observations) {
    const bool full = turn.depth == ProbeDepth::full;
    ++(full ? full_probes_ : quick_probes_);
    if (turn.confirms) ++confirmations_;
    if (schedule_.find(turn.domain) == nullptr) return plan_next(turn.domain, ProbeVerdict::unchanged);
    if (!full) {
      for (Observation& quick : observations) carry(quick);
    }
    const auto judged = std::make_shared<Judged>();
    judged->probe = {turn.domain, turn.depth, turn.confirms, std::move(observations)};
    judge_apart_([this, judged] { judged->verdict = events_.judge(judged->probe); },
                 [this, judged] {
                   if (over_) return;
                   keep(*judged);
                   plan_next(judged->probe.domain, judged->verdict);
                   wake_by(engine_.now());
                 });
  }

  /// Keeps what later probes need, if the domain is still watched.
  void keep(Judged& judged) {
    if (schedule_.find(judged.probe.domain) == nullptr) return;
    if (judged.verdict == ProbeVerdict::failed) {
      ++probes_failed_;
      return;
    }
    const bool full = judged.probe.depth == ProbeDepth::full;
    Memory& memory = memories_[judged.probe.domain];
    if (full || !memory.last_full) memory.servers = servers_of(judged.probe.observations);
    if (full)
      memory.last_full = std::make_shared<std::vector<Observation>>(std::move(judged.probe.observations));
  }

  void plan_next(const DomainName& domain, ProbeVerdict verdict) {
    const MonotonicTime now = engine_.now();
    const auto next = schedule_.finished(domain, verdict, now);
    if (next && events_.planned) {
      events_.planned(domain,
                      wall_now_() + std::chrono::duration_cast<std::chrono::milliseconds>(*next - now));
    }
  }

  void carry(Observation& quick) {
    const auto memory = memories_.find(quick.domain);
    if (memory == memories_.end() || !memory->second.last_full) return;
    for (const Observation& full : *memory->second.last_full) {
      if (full.selector == quick.selector) {
        quick = carry_full_facts(full, std::move(quick));
        return;
      }
    }
  }

  void reckon_fit() {
    std::vector<TargetLoad> loads;
    for (const auto& [domain, memory] : memories_) {
      const WatchedDomain* const target = schedule_.find(domain);
      // Domains without a known server cause no load.
      if (target != nullptr && !memory.servers.empty())
        loads.push_back({target->selectors.size(), target->interval, memory.servers});
    }
    fit_ = fits(loads, settings_.rate_per_second, limits_);
    if (events_.reckoned) events_.reckoned(*fit_);
  }

  config::ProbeSettings settings_;
  ScheduleLimits limits_;
  std::function<WallTime()> wall_now_;
  SchedulerEvents events_;
  JudgeApart judge_apart_;
  RandomBits random_{};
  QueryEngine engine_;
  ZoneCache zones_{{.dead_zone_life = dead_zone_life}};
  ServerMemories servers_;
  Turns turns_{engine_, servers_};
  Schedule schedule_;
  ExchangeTotals exchanges_{};
  std::unordered_map<DomainName, Memory> memories_{};
  std::list<Active> active_{};
  std::optional<RateFit> fit_{};
  std::uint32_t timer_ = 0;
  MonotonicTime armed_ = MonotonicTime::max();
  bool over_ = false;
  std::uint64_t full_probes_ = 0;
  std::uint64_t quick_probes_ = 0;
  std::uint64_t probes_failed_ = 0;
  std::uint64_t confirmations_ = 0;
  std::uint64_t on_demand_ = 0;
  std::uint64_t on_demand_refused_ = 0;
  std::size_t on_demand_running_ = 0;
};

ScheduleDriver::ScheduleDriver(Sockets& sockets, config::ProbeSettings settings, const ScheduleLimits& limits,
                               std::function<WallTime()> wall_now, SchedulerEvents events,
                               JudgeApart judge_apart)
    : state_(std::make_unique<State>(sockets, std::move(settings), limits, std::move(wall_now),
                                     std::move(events), std::move(judge_apart))) {}
ScheduleDriver::~ScheduleDriver() = default;
void ScheduleDriver::configure(config::ProbeSettings settings) {
  state_->configure(std::move(settings));
}
void ScheduleDriver::replace(const std::vector<WatchedDomain>& targets) {
  state_->replace(targets);
}
void ScheduleDriver::probe_now(OnDemandProbe probe) {
  state_->probe_now(std::move(probe));
}
void ScheduleDriver::interrupt() {
  state_->interrupt();
}
SchedulerTotals ScheduleDriver::totals() const {
  return state_->totals();
}

Scheduler::Scheduler(config::ProbeSettings settings, const ScheduleLimits& limits,
                     std::function<WallTime()> wall_now, SchedulerEvents events)
    : driver_(loop_.sockets(), std::move(settings), limits, std::move(wall_now), std::move(events),
              [this](std::function<void()> judge, std::function<void()> then) {
                judging_.post([this, judge = std::move(judge), then = std::move(then)] {
                  judge();
                  post(then);
                });
              }) {
  keep_totals();
  thread_ = std::thread([this] { loop_.run([] {}); });
  pthread_setname_np(thread_.native_handle(), "asking");
}

Scheduler::~Scheduler() {
  stop();
}

/// Returns false after `stop`. Calls run in the order in which they were posted, so all of them run before
/// the end.
bool Scheduler::post(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  if (!stopped_) loop_.post(std::move(call));
  return !stopped_;
}

void Scheduler::configure(config::ProbeSettings settings) {
  post([this, settings = std::move(settings)] { driver_.configure(settings); });
}

void Scheduler::replace(std::vector<WatchedDomain> targets) {
  post([this, targets = std::move(targets)] { driver_.replace(targets); });
}

void Scheduler::probe_now(OnDemandProbe probe) {
  if (!post([this, probe]() mutable { driver_.probe_now(std::move(probe)); })) probe.finished(std::nullopt);
}

void Scheduler::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(stopped_, true)) {
      loop_.post([this] {
        driver_.interrupt();
        loop_.stop();
      });
    }
  }
  const std::lock_guard lock(join_mutex_);
  if (thread_.joinable()) thread_.join();
  judging_.stop();
}

SchedulerTotals Scheduler::totals() const {
  const std::lock_guard lock(totals_mutex_);
  return totals_;
}

void Scheduler::keep_totals() {
  {
    const std::lock_guard lock(totals_mutex_);
    totals_ = driver_.totals();
  }
  loop_.call_after(totals_age, [this] { keep_totals(); });
}

}  // namespace dkimprobe::probe
