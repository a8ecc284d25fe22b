// Probes the watched domains as the schedule decides and passes on the observations. It judges nothing: the
// caller reports whether a probe showed a change.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "config/settings.hpp"
#include "probe/collection/exchange_totals.hpp"
#include "probe/observation.hpp"
#include "probe/schedule/schedule.hpp"
#include "probe/schedule/worker.hpp"
#include "probe/transport/event_loop.hpp"
#include "probe/transport/query_engine.hpp"
#include "probe/transport/sockets.hpp"

namespace dkimprobe::probe {

struct FinishedProbe {
  config::DomainName domain{};
  ProbeDepth depth = ProbeDepth::full;
  bool confirms = false;
  /// In the order of the selectors; those of a quick probe are completed with what the last full one saw.
  std::vector<Observation> observations{};
};

struct SchedulerEvents {
  /// Called for one probe at a time, perhaps on a thread of its own; see `JudgeApart`.
  std::function<ProbeVerdict(const FinishedProbe&)> judge{};
  // These are called on the probing thread and must not block.
  std::function<void(const config::DomainName&, WallTime next_probe)> planned{};
  /// Called once every domain was probed, and again after each change of the targets.
  std::function<void(const RateFit&)> reckoned{};
};

/// An on-demand probe.
struct OnDemandProbe {
  config::DomainName domain{};
  std::vector<config::Selector> selectors{};  ///< at least one
  std::vector<config::NamedServer> nameservers{};
  std::chrono::milliseconds time{10'000};  ///< then it ends with what was seen
  /// Called on the probing thread; with nothing when too many on-demand probes are under way, or at shutdown.
  std::function<void(std::optional<std::vector<Observation>>)> finished{};
  // An address family that the settings disable stays disabled.
  bool use_ipv4 = true;
  bool use_ipv6 = true;
};

/// Counts since the start, and the current state.
struct SchedulerTotals {
  EngineTotals engine{};
  ExchangeTotals exchanges{};
  std::uint64_t full_probes = 0;
  std::uint64_t quick_probes = 0;
  std::uint64_t probes_failed = 0;  ///< full and quick
  std::uint64_t confirmations = 0;  ///< full and quick
  std::uint64_t began_late = 0;     ///< probes that began late by more than a tenth of their interval
  std::uint64_t on_demand = 0;
  std::uint64_t on_demand_refused = 0;
  std::size_t domains = 0;
  std::size_t never_probed = 0;  ///< domains without a finished probe
  std::size_t under_way = 0;
  std::size_t on_demand_running = 0;
  std::size_t late_now = 0;      ///< probes not begun that are overdue by more than a tenth of their interval
  std::optional<RateFit> fit{};  ///< once every domain was probed
  MonotonicTime taken_at{};      ///< shows that the probing thread is alive
};

inline constexpr std::size_t most_on_demand = 16;

/// Runs `judge` and then, on the probing thread, `then`. Judging the answers of a hostile domain takes long;
/// meanwhile the other domains are probed. Not more calls are under way than scheduled probes may be.
using JudgeApart = std::function<void(std::function<void()> judge, std::function<void()> then)>;

/// Judges at once, on the probing thread.
inline void judge_at_once(const std::function<void()>& judge, const std::function<void()>& then) {
  judge();
  then();
}

/// Runs the probes on given sockets, without a thread of its own.
class ScheduleDriver {
 public:
  ScheduleDriver(Sockets& sockets, config::ProbeSettings settings, const ScheduleLimits& limits,
                 std::function<WallTime()> wall_now, SchedulerEvents events,
                 JudgeApart judge_apart = judge_at_once);
  ~ScheduleDriver();
  ScheduleDriver(const ScheduleDriver&) = delete;
  ScheduleDriver& operator=(const ScheduleDriver&) = delete;

  // None of these may be called from inside an event.

  /// Sets how servers are asked from the next probe on. A changed rate limit clears the server cache; changed
  /// root servers clear the zone cache.
  void configure(config::ProbeSettings settings);
  /// As `Schedule::replace`. The result of a probe under way for a removed domain is dropped.
  void replace(const std::vector<WatchedDomain>& targets);
  void probe_now(OnDemandProbe probe);
  /// Ends everything under way: on-demand probes finish with what they saw, scheduled ones are dropped. No
  /// probe begins afterwards.
  void interrupt();

  [[nodiscard]] SchedulerTotals totals() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

/// The same with real sockets, a thread for probing and one for judging; callable from any thread.
class Scheduler {
 public:
  /// `wall_now` is called on the thread for probing, `events.judge` on that for judging.
  Scheduler(config::ProbeSettings settings, const ScheduleLimits& limits, std::function<WallTime()> wall_now,
            SchedulerEvents events);
  ~Scheduler();  ///< calls `stop`
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void configure(config::ProbeSettings settings);
  void replace(std::vector<WatchedDomain> targets);
  void probe_now(OnDemandProbe probe);
  /// Returns when both threads have ended; no event comes afterwards. Must not be called from inside an
  /// event.
  void stop();
  /// At most half a second old.
  [[nodiscard]] SchedulerTotals totals() const;

 private:
  bool post(std::function<void()> call);
  void keep_totals();

  EventLoop loop_{};
  ScheduleDriver driver_;
  mutable std::mutex totals_mutex_{};
  SchedulerTotals totals_{};
  std::mutex mutex_{};
  bool stopped_ = false;
  std::mutex join_mutex_{};
  std::thread thread_{};
  Worker judging_{"judging"};
};

}  // namespace dkimprobe::probe
