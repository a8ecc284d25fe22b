// Looks at the watched domains again and again, as the schedule decides, and hands on what was seen. It
// judges nothing: the caller tells it whether a round brought a change.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "config/settings.hpp"
#include "probe/collection/exchange_totals.hpp"
#include "probe/observation.hpp"
#include "probe/schedule/schedule.hpp"
#include "probe/transport/query_engine.hpp"
#include "probe/transport/sockets.hpp"

namespace dkimprobe::probe {

struct FinishedProbe {
  config::DomainName domain{};
  ProbeDepth depth = ProbeDepth::full;
  bool confirms = false;
  /// In the order of the selectors; those of a light round with what the last full one saw besides.
  std::vector<Observation> observations{};
};

/// All are called on the thread that asks, and must not wait.
struct SchedulerEvents {
  std::function<ProbeVerdict(const FinishedProbe&)> judge{};
  std::function<void(const config::DomainName&, WallTime next_probe)> planned{};
  /// Once every domain was seen, and again after each change of the targets.
  std::function<void(const RateFit&)> reckoned{};
};

/// A look out of turn.
struct OnDemandProbe {
  config::DomainName domain{};
  std::vector<config::Selector> selectors{};  ///< at least one
  std::vector<config::NamedServer> nameservers{};
  std::chrono::milliseconds time{10'000};  ///< with what was seen by then it ends
  /// On the thread that asks; with nothing when there are too many looks already, or at the end.
  std::function<void(std::optional<std::vector<Observation>>)> finished{};
  // What the settings do not ask over is not asked over here either.
  bool use_ipv4 = true;
  bool use_ipv6 = true;
};

/// Counts since the start, and how things stand.
struct SchedulerTotals {
  EngineTotals engine{};
  ExchangeTotals exchanges{};
  std::uint64_t full_probes = 0;
  std::uint64_t quick_probes = 0;
  std::uint64_t probes_failed = 0;  ///< among them
  std::uint64_t confirmations = 0;  ///< likewise
  std::uint64_t began_late = 0;     ///< rounds that began a tenth of their interval late, or more
  std::uint64_t on_demand = 0;
  std::uint64_t on_demand_refused = 0;
  std::size_t domains = 0;
  std::size_t never_probed = 0;  ///< domains without a finished round
  std::size_t under_way = 0;
  std::size_t on_demand_running = 0;
  std::size_t late_now = 0;      ///< rounds due for a tenth of their interval, and not begun
  std::optional<RateFit> fit{};  ///< once every domain was seen
  MonotonicTime taken_at{};      ///< a beat of the thread that asks
};

inline constexpr std::size_t most_on_demand = 16;

/// Drives the rounds on sockets that are given, without a thread of its own.
class ScheduleDriver {
 public:
  ScheduleDriver(Sockets& sockets, config::ProbeSettings settings, const ScheduleLimits& limits,
                 std::function<WallTime()> wall_now, SchedulerEvents events);
  ~ScheduleDriver();
  ScheduleDriver(const ScheduleDriver&) = delete;
  ScheduleDriver& operator=(const ScheduleDriver&) = delete;

  // None of these may be called from inside an event.

  /// How servers are asked from the next round on. With another pace all that is known of servers is
  /// forgotten, with other root servers all that is known of zones.
  void configure(config::ProbeSettings settings);
  /// As `Schedule::replace`. What a round under way sees of a domain that left is dropped.
  void replace(const std::vector<WatchedDomain>& targets);
  void probe_now(OnDemandProbe probe);
  /// Ends all that is under way: looks finish with what they saw, rounds are dropped. Nothing begins any
  /// more.
  void interrupt();

  [[nodiscard]] SchedulerTotals totals() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

/// The same with real sockets and a thread of its own, to be called from any thread.
class Scheduler {
 public:
  /// `wall_now` is called on that thread.
  Scheduler(config::ProbeSettings settings, const ScheduleLimits& limits, std::function<WallTime()> wall_now,
            SchedulerEvents events);
  ~Scheduler();  ///< stops it
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void configure(config::ProbeSettings settings);
  void replace(std::vector<WatchedDomain> targets);
  void probe_now(OnDemandProbe probe);
  /// Returns when the thread has ended; no event comes afterwards. Not from inside an event.
  void stop();
  /// Half a second old at most.
  [[nodiscard]] SchedulerTotals totals() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::probe
