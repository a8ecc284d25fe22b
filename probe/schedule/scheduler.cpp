#include "probe/schedule/scheduler.hpp"

#include <pthread.h>

#include <algorithm>
#include <list>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "probe/collection/domain_probe.hpp"
#include "probe/collection/send_queue.hpp"
#include "probe/collection/server_cache.hpp"
#include "probe/discovery/zone_cache.hpp"
#include "probe/schedule/quick_probe.hpp"
#include "probe/transport/asio_sockets.hpp"
#include "probe/transport/random_bits.hpp"

namespace dkimprobe::probe {
namespace {

using config::DomainName;
using config::ServerAddress;

/// A round waits until its first queries would leave so soon: what waits longer uses up the time for the
/// domain.
constexpr std::chrono::seconds longest_wait{5};
constexpr std::size_t first_queries = 8;  ///< to one server, by a round of one selector
constexpr std::chrono::milliseconds totals_age{500};
/// A registry is asked for a domain again before the TTL of its delegation is over, when nobody answers
/// there: it may have been delegated anew.
constexpr std::chrono::minutes dead_zone_life{10};

/// What later rounds of a domain need of earlier ones.
struct Memory {
  std::vector<ServerAddress> servers{};
  std::shared_ptr<const std::vector<Observation>> last_full{};  ///< null until there was one
};

ScheduleLimits at_pace(ScheduleLimits limits, double pace_per_second) {
  limits.pace_per_second = pace_per_second;
  return limits;
}

std::vector<ServerAddress> servers_of(const std::vector<Observation>& observations) {
  std::set<ServerAddress> servers;
  for (const Observation& observation : observations) {
    for (const Leg& leg : observation.key.legs) {
      for (const ServerObservation& server : leg.servers) {
        if (server.not_asked == NotAsked::asked) servers.insert(server.address);
      }
    }
  }
  return {servers.begin(), servers.end()};
}

/// Nobody waits for a round of the schedule, and much of its time it waits for the pace, which it shares with
/// the others: in the time of a look that somebody waits for, it would be cut off by its own manners.
config::ProbeSettings patient(config::ProbeSettings settings) {
  constexpr int times = 10;
  settings.budgets.discovery_time *= times;
  settings.budgets.domain_time *= times;
  return settings;
}

}  // namespace

class RoundDriver::State final : public QueryHandler {
 public:
  State(Sockets& sockets, config::ProbeSettings settings, const ScheduleLimits& limits,
        std::function<WallTime()> wall_now, SchedulerEvents events)
      : settings_(std::move(settings)),
        limits_(at_pace(limits, settings_.pace_per_second)),
        wall_now_(std::move(wall_now)),
        events_(std::move(events)),
        engine_(sockets, one_use_sockets),
        servers_(settings_),
        schedule_(limits_, random_.bits64()) {}

  ~State() {
    for (Active& active : active_) active.look = {};
    interrupt();
  }

  void configure(config::ProbeSettings settings) {
    if (over_) return;
    if (settings.pace_burst != settings_.pace_burst || settings.pace_per_second != settings_.pace_per_second)
      servers_ = ServerMemories(settings);
    limits_ = at_pace(limits_, settings.pace_per_second);
    schedule_.set_pace(settings.pace_per_second);
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

  void look_now(Look look) {
    if (over_ || looks_under_way_ >= most_looks) {
      ++looks_refused_;
      return look.finished(std::nullopt);
    }
    ++looks_;
    ++looks_under_way_;
    config::ProbeSettings settings = settings_;
    settings.budgets.domain_time = std::max(look.time, std::chrono::milliseconds{1});
    settings.use_ipv4 = settings.use_ipv4 && look.use_ipv4;
    settings.use_ipv6 = settings.use_ipv6 && look.use_ipv6;
    begin(std::move(settings), look.domain, look.selectors, look.nameservers, {}, std::move(look.finished));
  }

  void interrupt() {
    over_ = true;
    for (Active& active : active_) active.round->interrupt();
    engine_.interrupt(*this);
    finish_rounds();
  }

  [[nodiscard]] SchedulerTotals totals() const {
    SchedulerTotals totals;
    totals.engine = engine_.totals();
    totals.exchanges = exchanges_;
    totals.rounds_full = rounds_full_;
    totals.rounds_light = rounds_light_;
    totals.rounds_failed = rounds_failed_;
    totals.confirmations = confirmations_;
    totals.began_late = schedule_.began_late();
    totals.looks = looks_;
    totals.looks_refused = looks_refused_;
    totals.domains = schedule_.size();
    totals.unseen = schedule_.unseen();
    totals.under_way = schedule_.under_way();
    totals.looks_under_way = looks_under_way_;
    totals.late_now = schedule_.late(engine_.now());
    totals.fit = fit_;
    totals.taken_at = engine_.now();
    return totals;
  }

 private:
  using LookFinished = decltype(Look::finished);

  struct Active {
    config::ProbeSettings settings{};
    Schedule::Turn turn{};
    LookFinished look{};  ///< empty for a round of the schedule
    bool is_look = false;
    std::unique_ptr<Round> round{};
    std::optional<std::vector<Observation>> observations{};  ///< present when it is over
  };

  void on_result(std::uint32_t, const QueryResult&) override {}
  void on_timer(std::uint32_t token) override {
    // Of several timers the one set last counts; the others run out.
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
             const std::vector<config::NamedServer>& nameservers, Schedule::Turn turn, LookFinished look) {
    Active& active = active_.emplace_back();
    active.settings = std::move(settings);
    active.settings.pinned_servers = nameservers;
    active.turn = std::move(turn);
    active.is_look = static_cast<bool>(look);
    active.look = std::move(look);
    std::optional<LightRound> light;
    if (active.turn.depth == RoundDepth::light) light = LightRound{memories_[domain].last_full};
    active.round = std::make_unique<Round>(
        ProbeContext{active.settings, engine_, zones_, servers_, turns_, random_, RegistryUse::sample,
                     &exchanges_, active.is_look ? Urgency::awaited : Urgency::scheduled},
        domain, selectors, wall_now_(),
        [this, &active](std::vector<Observation> observations) {
          active.observations = std::move(observations);
          // The round cannot go away from within its own call.
          wake_by(engine_.now());
        },
        std::move(light));
    active.round->start();
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
    finish_rounds();
    if (over_) return;
    const MonotonicTime now = engine_.now();
    const Schedule::Admission admission = [&](const DomainName& domain) { return admitted_at(domain, now); };
    while (auto turn = schedule_.begin_next(now, admission)) {
      const WatchedDomain target = *schedule_.find(turn->domain);
      begin(patient(settings_), target.domain, target.selectors, target.nameservers, std::move(*turn), {});
    }
    if (const auto next = schedule_.next_turn(now, admission)) wake_by(*next);
    if (!fit_ && schedule_.unseen() == 0) reckon_fit();
  }

  void finish_rounds() {
    for (auto at = active_.begin(); at != active_.end();) {
      const auto active = at++;
      if (!active->observations) continue;
      active->round.reset();
      Active over = std::move(*active);
      active_.erase(active);
      if (over.is_look) {
        --looks_under_way_;
        if (over.look) over.look(std::move(*over.observations));
      } else if (!over_) {
        finish_turn(over.turn, std::move(*over.observations));
      }
    }
  }

  void finish_turn(const Schedule::Turn& turn, std::vector<Observation> observations) {
    const bool full = turn.depth == RoundDepth::full;
    ++(full ? rounds_full_ : rounds_light_);
    if (turn.confirms) ++confirmations_;
    RoundVerdict verdict = RoundVerdict::unchanged;
    if (schedule_.find(turn.domain) != nullptr) {
      if (!full) {
        for (Observation& light : observations) carry(light);
      }
      FinishedRound finished{turn.domain, turn.depth, turn.confirms, std::move(observations)};
      verdict = events_.judge(finished);
      if (verdict == RoundVerdict::failed) ++rounds_failed_;
      Memory& memory = memories_[turn.domain];
      if (verdict != RoundVerdict::failed && (full || !memory.last_full))
        memory.servers = servers_of(finished.observations);
      if (verdict != RoundVerdict::failed && full)
        memory.last_full = std::make_shared<std::vector<Observation>>(std::move(finished.observations));
    }
    const MonotonicTime now = engine_.now();
    const auto next = schedule_.finished(turn.domain, verdict, now);
    if (next && events_.planned) {
      events_.planned(turn.domain,
                      wall_now_() + std::chrono::duration_cast<std::chrono::milliseconds>(*next - now));
    }
  }

  void carry(Observation& light) {
    const auto memory = memories_.find(light.domain);
    if (memory == memories_.end() || !memory->second.last_full) return;
    for (const Observation& full : *memory->second.last_full) {
      if (full.selector == light.selector) {
        light = carry_full_facts(full, std::move(light));
        return;
      }
    }
  }

  void reckon_fit() {
    std::vector<TargetLoad> loads;
    for (const auto& [domain, memory] : memories_) {
      const WatchedDomain* const target = schedule_.find(domain);
      // Domains of which no server was found cost none a query.
      if (target != nullptr && !memory.servers.empty())
        loads.push_back({target->selectors.size(), target->interval, memory.servers});
    }
    fit_ = fits(loads, settings_.pace_per_second, limits_);
    if (events_.reckoned) events_.reckoned(*fit_);
  }

  config::ProbeSettings settings_;
  ScheduleLimits limits_;
  std::function<WallTime()> wall_now_;
  SchedulerEvents events_;
  RandomBits random_{};
  QueryEngine engine_;
  ZoneCache zones_{{.dead_zone_life = dead_zone_life}};
  ServerMemories servers_;
  Turns turns_{engine_, servers_};
  Schedule schedule_;
  ExchangeTotals exchanges_{};
  std::unordered_map<DomainName, Memory> memories_{};
  std::list<Active> active_{};
  std::optional<PaceFit> fit_{};
  std::uint32_t timer_ = 0;
  MonotonicTime armed_ = MonotonicTime::max();
  bool over_ = false;
  std::uint64_t rounds_full_ = 0;
  std::uint64_t rounds_light_ = 0;
  std::uint64_t rounds_failed_ = 0;
  std::uint64_t confirmations_ = 0;
  std::uint64_t looks_ = 0;
  std::uint64_t looks_refused_ = 0;
  std::size_t looks_under_way_ = 0;
};

RoundDriver::RoundDriver(Sockets& sockets, config::ProbeSettings settings, const ScheduleLimits& limits,
                         std::function<WallTime()> wall_now, SchedulerEvents events)
    : state_(std::make_unique<State>(sockets, std::move(settings), limits, std::move(wall_now),
                                     std::move(events))) {}
RoundDriver::~RoundDriver() = default;
void RoundDriver::configure(config::ProbeSettings settings) {
  state_->configure(std::move(settings));
}
void RoundDriver::replace(const std::vector<WatchedDomain>& targets) {
  state_->replace(targets);
}
void RoundDriver::look_now(Look look) {
  state_->look_now(std::move(look));
}
void RoundDriver::interrupt() {
  state_->interrupt();
}
SchedulerTotals RoundDriver::totals() const {
  return state_->totals();
}

class Scheduler::State {
 public:
  State(config::ProbeSettings settings, const ScheduleLimits& limits, std::function<WallTime()> wall_now,
        SchedulerEvents events)
      : sockets_(context_),
        driver_(sockets_, std::move(settings), limits, std::move(wall_now), std::move(events)) {
    keep_totals();
    thread_ = std::thread([this] { context_.run(); });
    pthread_setname_np(thread_.native_handle(), "asking");
  }

  ~State() { stop(); }

  void configure(config::ProbeSettings settings) {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    boost::asio::post(context_, [this, settings = std::move(settings)] { driver_.configure(settings); });
  }

  void replace(std::vector<WatchedDomain> targets) {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    boost::asio::post(context_, [this, targets = std::move(targets)] { driver_.replace(targets); });
  }

  void look_now(Look look) {
    {
      const std::lock_guard lock(mutex_);
      if (!stopped_) {
        // Handlers of one thread run in the order of their posting: all of them before the end.
        boost::asio::post(context_,
                          [this, look = std::move(look)]() mutable { driver_.look_now(std::move(look)); });
        return;
      }
    }
    look.finished(std::nullopt);
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      if (!std::exchange(stopped_, true)) {
        boost::asio::post(context_, [this] {
          driver_.interrupt();
          timer_.cancel();
          context_.stop();
        });
      }
    }
    const std::lock_guard lock(join_mutex_);
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] SchedulerTotals totals() const {
    const std::lock_guard lock(totals_mutex_);
    return totals_;
  }

 private:
  void keep_totals() {
    {
      const std::lock_guard lock(totals_mutex_);
      totals_ = driver_.totals();
    }
    timer_.expires_after(totals_age);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) keep_totals();
    });
  }

  boost::asio::io_context context_{1};
  AsioSockets sockets_;
  RoundDriver driver_;
  boost::asio::steady_timer timer_{context_};
  mutable std::mutex totals_mutex_{};
  SchedulerTotals totals_{};
  std::mutex mutex_{};
  bool stopped_ = false;
  std::mutex join_mutex_{};
  std::thread thread_{};
};

Scheduler::Scheduler(config::ProbeSettings settings, const ScheduleLimits& limits,
                     std::function<WallTime()> wall_now, SchedulerEvents events)
    : state_(std::make_unique<State>(std::move(settings), limits, std::move(wall_now), std::move(events))) {}
Scheduler::~Scheduler() = default;
void Scheduler::configure(config::ProbeSettings settings) {
  state_->configure(std::move(settings));
}
void Scheduler::replace(std::vector<WatchedDomain> targets) {
  state_->replace(std::move(targets));
}
void Scheduler::look_now(Look look) {
  state_->look_now(std::move(look));
}
void Scheduler::stop() {
  state_->stop();
}
SchedulerTotals Scheduler::totals() const {
  return state_->totals();
}

}  // namespace dkimprobe::probe
