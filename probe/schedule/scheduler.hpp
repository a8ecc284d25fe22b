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

struct FinishedRound {
  config::DomainName domain{};
  RoundDepth depth = RoundDepth::full;
  bool confirms = false;
  /// In the order of the selectors; those of a light round with what the last full one saw besides.
  std::vector<Observation> observations{};
};

/// All are called on the thread that asks, and must not wait.
struct SchedulerEvents {
  std::function<RoundVerdict(const FinishedRound&)> judge{};
  std::function<void(const config::DomainName&, WallTime next_round)> planned{};
  /// Once every domain was seen, and again after each change of the targets.
  std::function<void(const PaceFit&)> reckoned{};
};

/// A look out of turn.
struct Look {
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
  std::uint64_t rounds_full = 0;
  std::uint64_t rounds_light = 0;
  std::uint64_t rounds_failed = 0;  ///< among them
  std::uint64_t confirmations = 0;  ///< likewise
  std::uint64_t began_late = 0;     ///< rounds that began a tenth of their interval late, or more
  std::uint64_t looks = 0;
  std::uint64_t looks_refused = 0;
  std::size_t domains = 0;
  std::size_t unseen = 0;  ///< domains without a finished round
  std::size_t under_way = 0;
  std::size_t looks_under_way = 0;
  std::size_t late_now = 0;      ///< rounds due for a tenth of their interval, and not begun
  std::optional<PaceFit> fit{};  ///< once every domain was seen
  MonotonicTime taken_at{};      ///< a beat of the thread that asks
};

inline constexpr std::size_t most_looks = 16;

/// Drives the rounds on sockets that are given, without a thread of its own.
class RoundDriver {
 public:
  RoundDriver(Sockets& sockets, config::ProbeSettings settings, const ScheduleLimits& limits,
              std::function<WallTime()> wall_now, SchedulerEvents events);
  ~RoundDriver();
  RoundDriver(const RoundDriver&) = delete;
  RoundDriver& operator=(const RoundDriver&) = delete;

  // None of these may be called from inside an event.

  /// How servers are asked from the next round on. With another pace all that is known of servers is
  /// forgotten, with other root servers all that is known of zones.
  void configure(config::ProbeSettings settings);
  /// As `Schedule::replace`. What a round under way sees of a domain that left is dropped.
  void replace(const std::vector<WatchedDomain>& targets);
  void look_now(Look look);
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
  void look_now(Look look);
  /// Returns when the thread has ended; no event comes afterwards. Not from inside an event.
  void stop();
  /// Half a second old at most.
  [[nodiscard]] SchedulerTotals totals() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::probe
