// Which domain is looked at when, and how deep: each in its own interval, spread over time, sooner after a
// change or a failure, with confirmation at once. Pure: time and chance are arguments, it sends nothing and
// looks at no clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/named_server.hpp"
#include "config/names/selector.hpp"
#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

/// How much a round asks.
enum class ProbeDepth : std::uint8_t {
  full,   ///< all questions about the selectors and their zones, and ADSP
  quick,  ///< one question a selector and server: is the record as it was
};

/// A domain that is looked at again and again.
struct WatchedDomain {
  config::DomainName domain{};
  std::vector<config::Selector> selectors{};  ///< at least one
  std::chrono::milliseconds interval{300'000};
  std::vector<config::NamedServer> nameservers{};  ///< when not empty: its servers, without discovery

  friend bool operator==(const WatchedDomain&, const WatchedDomain&) = default;
};

struct ScheduleLimits {
  std::uint32_t full_every = 24;  ///< one round in so many is full
  /// First delay after a change or a failure; doubled with each round until the interval is reached.
  std::chrono::milliseconds soonest{15'000};
  std::uint32_t most_confirmations = 3;  ///< rounds at once, one after the other
  /// Rounds before their time that a domain may have saved up; each interval earns it one. A domain that
  /// changes all the time is looked at twice as often, not more.
  std::uint32_t most_early = 8;
  std::size_t most_at_once = 64;      ///< rounds under way
  std::size_t most_first = 8;         ///< among them, of domains whose servers are not known yet
  std::size_t most_first_quick = 32;  ///< instead, when these have a light look first
  /// Queries a second to one server; 0 is no bound. When so many domains are new at once that full rounds of
  /// all would take too long, should they share their servers, each gets a light look first, and the full
  /// rounds follow as the pace allows.
  double rate_per_second = 0;
  std::chrono::milliseconds start_spread{50};  ///< between the first rounds of two new domains
};

/// What a round has brought, in the eyes of those who judge.
enum class ProbeVerdict : std::uint8_t {
  unchanged,
  unconfirmed,  ///< something differs, and another round has to show it too
  changed,      ///< something has changed for certain
  failed,       ///< nothing was seen
};

class Schedule {
 public:
  struct Turn {
    config::DomainName domain{};
    ProbeDepth depth = ProbeDepth::full;
    bool confirms = false;
    MonotonicTime due{};
  };
  /// When a round of the domain may begin as far as its servers are concerned.
  using Admission = std::function<MonotonicTime(const config::DomainName&)>;

  Schedule(const ScheduleLimits& limits, std::uint64_t seed) : limits_(limits), random_(seed) {}

  /// From now on these domains, each of them once. Those that stay keep their times; one with other selectors
  /// or servers gets a full round soon, a new one its first. A round under way goes on, and the next of its
  /// domain waits for its end even when the domain left and came back.
  void replace(const std::vector<WatchedDomain>& targets, MonotonicTime now);
  /// Of the limits, for targets that come from now on.
  void set_rate_limit(double per_second) { limits_.rate_per_second = per_second; }

  /// The round to begin now, the one that has been due longest among those admitted; it is under way until
  /// `finished`. Nothing when none is due, or too many are under way.
  [[nodiscard]] std::optional<Turn> begin_next(MonotonicTime now, const Admission& admission);
  /// When to call `begin_next` again, once it has given nothing; nothing before the next `finished` or
  /// `replace` when there is no such time.
  [[nodiscard]] std::optional<MonotonicTime> next_turn(MonotonicTime now, const Admission& admission) const;

  /// A round is over. When the next is due; nothing when the domain is no longer watched.
  std::optional<MonotonicTime> finished(const config::DomainName& domain, ProbeVerdict verdict,
                                        MonotonicTime now);

  [[nodiscard]] const WatchedDomain* find(const config::DomainName& domain) const;
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t under_way() const { return under_way_; }
  /// Domains without a finished round.
  [[nodiscard]] std::size_t never_probed() const { return never_probed_; }
  /// Rounds due for longer than a tenth of their interval, and not begun.
  [[nodiscard]] std::size_t late(MonotonicTime now) const;
  /// Rounds that began so late, since the start.
  [[nodiscard]] std::uint64_t began_late() const { return began_late_; }

 private:
  struct Entry {
    WatchedDomain target{};
    MonotonicTime due{};
    MonotonicTime began{};
    ProbeDepth depth = ProbeDepth::full;  ///< of the round under way
    bool under_way = false;
    bool removed = false;  ///< gone, but its round is under way
    bool seen = false;     ///< a round has ended
    bool glanced = false;  ///< no full round was made of it so far, nor is one urgent
    bool wants_full = true;
    bool again = false;  ///< at once when the round under way is over: it asks for what is wanted no longer
    bool confirms = false;
    std::uint32_t to_full = 0;            ///< light rounds until the next full one
    std::uint32_t first_full_within = 0;  ///< the first full round after a light look: one of so many
    std::uint32_t confirmations = 0;
    std::chrono::milliseconds eager{0};  ///< delay of the next round when it is shorter than the interval
    double early_left = 0;
    MonotonicTime early_at{};  ///< when `early_left` was reckoned
  };
  using Entries = std::map<config::DomainName, Entry>;

  [[nodiscard]] static MonotonicTime::duration tolerance(const Entry& entry);
  [[nodiscard]] bool may_begin(const Entry& entry) const;
  void plan_first(Entry& entry, std::size_t new_domains) const;
  [[nodiscard]] double chance();
  [[nodiscard]] MonotonicTime::duration jittered(std::chrono::milliseconds interval);
  [[nodiscard]] bool take_early(Entry& entry, MonotonicTime now);
  // What a finished round makes of the next ones. The first says whether the round was the first in full,
  // after lighter ones.
  [[nodiscard]] bool choose_depth(Entry& entry, ProbeVerdict verdict, bool is_first);
  void choose_eagerness(Entry& entry, ProbeVerdict verdict, bool is_first) const;
  [[nodiscard]] MonotonicTime due_after(Entry& entry, ProbeVerdict verdict, bool is_first, bool completes,
                                        MonotonicTime now);
  void set_due(Entries::iterator entry, MonotonicTime due);
  void forget(Entries::iterator entry);

  ScheduleLimits limits_;
  std::mt19937_64 random_;
  Entries entries_{};
  std::set<std::pair<MonotonicTime, const config::DomainName*>> waiting_{};  ///< those not under way
  std::size_t size_ = 0;
  std::size_t never_probed_ = 0;
  std::size_t under_way_ = 0;
  std::size_t first_under_way_ = 0;
  std::uint64_t began_late_ = 0;
};

/// A domain, as far as the load on its servers is concerned.
struct TargetLoad {
  std::size_t selectors = 1;
  std::chrono::milliseconds interval{300'000};
  std::vector<config::ServerAddress> servers{};  ///< empty when nothing is known of them
};

/// Whether the rounds fit the pace of each server. Retries are not counted, nor the walks to the zones.
struct RateFit {
  bool fits = true;
  std::optional<config::ServerAddress> busiest{};  ///< without one when the servers are not known
  double queries_per_second = 0;                   ///< to the busiest server, on average
  /// The shortest that fits, in whole seconds, if all domains of the busiest server had the same.
  std::chrono::seconds shortest_interval{0};
};

/// `rate_per_second` of 0 lifts the pace: everything fits. Domains whose servers are not known are taken for
/// such on one server of their own, the worst case.
[[nodiscard]] RateFit fits(std::span<const TargetLoad> targets, double rate_per_second,
                           const ScheduleLimits& limits);

/// Queries to each server by one round, when all are answered at once.
[[nodiscard]] std::size_t queries_of_probe(ProbeDepth depth, std::size_t selectors);

}  // namespace dkimprobe::probe
