// Decides when each domain is probed, and whether the probe is quick or full: each in its own interval,
// spread over time, sooner after a change or a failure, and at once to confirm a change. Pure: time and
// randomness are arguments; it sends nothing and reads no clock.
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
#include "probe/schedule/probe_slots.hpp"
#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

/// How much a probe asks.
enum class ProbeDepth : std::uint8_t {
  full,   ///< all questions about the selectors, their zones and ADSP
  quick,  ///< one question for each selector and server: has the record changed
};

/// A domain that is probed regularly.
struct WatchedDomain {
  config::DomainName domain{};
  std::vector<config::Selector> selectors{};  ///< at least one
  std::chrono::milliseconds interval{300'000};
  std::vector<config::NamedServer> nameservers{};  ///< if not empty, these are its servers, without discovery

  friend bool operator==(const WatchedDomain&, const WatchedDomain&) = default;
};

struct ScheduleLimits {
  std::uint32_t full_every = 24;  ///< one in this many probes is full
  /// The first delay after a change or a failure; doubled with each probe up to the interval.
  std::chrono::milliseconds soonest{15'000};
  std::uint32_t most_confirmations = 3;  ///< immediate probes in a row
  /// The most early probes that a domain can save up; it earns one in each interval. So a domain that changes
  /// all the time is probed at most twice as often.
  std::uint32_t most_early = 8;
  std::size_t most_at_once = 64;      ///< concurrent probes; see `ProbeSlots` for slow ones
  std::size_t most_first = 8;         ///< among them, of domains whose servers are unknown
  std::size_t most_first_quick = 32;  ///< in place of `most_first`, when these get a quick probe first
  /// Queries per second to one server; 0 means no limit. If full probes of many new domains would take too
  /// long on shared servers, each domain gets a quick probe first; the full probes follow as the rate limit
  /// permits.
  double rate_per_second = 0;
  std::chrono::milliseconds start_spread{50};  ///< between the first probes of two new domains
};

/// How the caller judges the result of a probe.
enum class ProbeVerdict : std::uint8_t {
  unchanged,
  unconfirmed,  ///< something differs, and another probe must confirm it
  changed,      ///< a change is confirmed
  failed,       ///< no server answered
};

class Schedule {
 public:
  struct Turn {
    config::DomainName domain{};
    ProbeDepth depth = ProbeDepth::full;
    bool confirms = false;
    MonotonicTime due{};
  };
  /// When the rate limits of the domain's servers permit a probe to begin.
  using Admission = std::function<MonotonicTime(const config::DomainName&)>;

  Schedule(const ScheduleLimits& limits, std::uint64_t seed) : limits_(limits), random_(seed) {}

  /// Sets the domains to probe; each must be listed once. Domains that stay keep their times. One with
  /// changed selectors or servers gets a full probe soon, a new one its first probe. A probe under way
  /// continues; the next one of its domain waits for its end, even if the domain was removed and added again.
  void replace(const std::vector<WatchedDomain>& targets, MonotonicTime now);
  /// Changes the rate limit for targets that are added from now on.
  void set_rate_limit(double per_second) { limits_.rate_per_second = per_second; }

  /// The probe to begin now: of those admitted, the one that has been due longest. It is under way until
  /// `finished`. Nothing when none is due or too many are under way.
  [[nodiscard]] std::optional<Turn> begin_next(MonotonicTime now, const Admission& admission);
  /// When to call `begin_next` again after it returned nothing. Without a time, call it after the next
  /// `finished` or `replace`.
  [[nodiscard]] std::optional<MonotonicTime> next_turn(MonotonicTime now, const Admission& admission) const;

  /// Reports the end of a probe. Returns when the next is due; nothing when the domain is no longer watched.
  std::optional<MonotonicTime> finished(const config::DomainName& domain, ProbeVerdict verdict,
                                        MonotonicTime now);

  [[nodiscard]] const WatchedDomain* find(const config::DomainName& domain) const;
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t under_way() const { return all_.size(); }
  /// Number of domains without a finished probe.
  [[nodiscard]] std::size_t never_probed() const { return never_probed_; }
  /// Number of probes not begun that are overdue by more than a tenth of their interval.
  [[nodiscard]] std::size_t late(MonotonicTime now) const;
  /// Number of probes that began that late, since the start.
  [[nodiscard]] std::uint64_t began_late() const { return began_late_; }

 private:
  struct Entry {
    WatchedDomain target{};
    MonotonicTime due{};
    MonotonicTime began{};
    ProbeDepth depth = ProbeDepth::full;  ///< of the probe under way
    bool under_way = false;
    bool removed = false;       ///< no longer a target, but its probe is under way
    bool seen = false;          ///< a probe has ended
    bool starts_quick = false;  ///< had no full probe yet, and none is urgent
    bool wants_full = true;
    bool again =
        false;  ///< probe again right after the one under way, whose selectors or servers are out of date
    bool confirms = false;
    std::uint32_t to_full = 0;  ///< quick probes until the next full one
    std::uint32_t first_full_within =
        0;  ///< after a first quick probe: one of this many probes is the first full one
    std::uint32_t confirmations = 0;
    std::chrono::milliseconds eager{0};  ///< delay of the next probe when shorter than the interval
    double early_left = 0;
    MonotonicTime early_at{};  ///< when `early_left` was updated
  };
  using Entries = std::map<config::DomainName, Entry>;

  [[nodiscard]] static MonotonicTime::duration tolerance(const Entry& entry);
  [[nodiscard]] std::optional<MonotonicTime> room_at(const Entry& entry, MonotonicTime now) const;
  void plan_first(Entry& entry, std::size_t new_domains) const;
  [[nodiscard]] double chance();
  [[nodiscard]] MonotonicTime::duration jittered(std::chrono::milliseconds interval);
  [[nodiscard]] bool take_early(Entry& entry, MonotonicTime now);
  // These plan the next probes after a finished one. `choose_depth` returns whether it was the first full
  // probe after quick ones.
  [[nodiscard]] bool choose_depth(Entry& entry, ProbeVerdict verdict, bool is_first);
  void choose_eagerness(Entry& entry, ProbeVerdict verdict, bool is_first) const;
  [[nodiscard]] MonotonicTime due_after(Entry& entry, ProbeVerdict verdict, bool is_first, bool completes,
                                        MonotonicTime now);
  // These carry out `replace`: for a domain that stays, and for all that are new.
  void update(Entries::iterator at, const WatchedDomain& target, MonotonicTime now);
  void schedule_new(std::vector<Entries::iterator> added, MonotonicTime now);
  void set_due(Entries::iterator entry, MonotonicTime due);
  void forget(Entries::iterator entry);

  ScheduleLimits limits_;
  std::mt19937_64 random_;
  Entries entries_{};
  std::set<std::pair<MonotonicTime, const config::DomainName*>> waiting_{};  ///< domains not under way
  std::size_t size_ = 0;
  std::size_t never_probed_ = 0;
  ProbeSlots all_{};
  ProbeSlots first_{};  ///< first probes of their domains
  std::uint64_t began_late_ = 0;
};

/// The load of a domain on its servers.
struct TargetLoad {
  std::size_t selectors = 1;
  std::chrono::milliseconds interval{300'000};
  std::vector<config::ServerAddress> servers{};  ///< empty when unknown
};

/// Whether the probes fit the rate limit of each server. Counts neither repeated attempts nor the walks to
/// the zones.
struct RateFit {
  bool fits = true;
  std::optional<config::ServerAddress> busiest{};  ///< nothing when the servers are unknown
  double queries_per_second = 0;                   ///< average to the busiest server
  /// The shortest interval that fits, in whole seconds, if all domains of the busiest server had the same.
  std::chrono::seconds shortest_interval{0};
};

/// With a `rate_per_second` of 0 everything fits. Domains whose servers are unknown are assumed to share one
/// server, the worst case.
[[nodiscard]] RateFit fits(std::span<const TargetLoad> targets, double rate_per_second,
                           const ScheduleLimits& limits);

/// Number of queries to each server in one probe, when the first attempt of each is answered.
[[nodiscard]] std::size_t queries_of_probe(ProbeDepth depth, std::size_t selectors);

}  // namespace dkimprobe::probe
