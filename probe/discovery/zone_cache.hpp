// What earlier walks learned, for later walks of the same process: zones with their nameservers, names
// without a zone cut, addresses of nameservers, servers that were silent. Bounded; time is an argument; one
// thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "probe/observation.hpp"
#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

/// A table of bounded size: the entry that was used least recently leaves first.
template <class Key, class Value>
class RecentTable {
 public:
  explicit RecentTable(std::size_t most_entries) : most_entries_(most_entries) {}

  /// The value, which counts as a use; null when there is none. Valid until the next `put`.
  [[nodiscard]] Value* find(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->second;
  }

  void put(const Key& key, Value value) {
    if (Value* present = find(key)) {
      *present = std::move(value);
      return;
    }
    if (most_entries_ == 0) return;
    if (entries_.size() >= most_entries_) {
      places_.erase(entries_.back().first);
      entries_.pop_back();
    }
    entries_.emplace_front(key, std::move(value));
    places_.emplace(key, entries_.begin());
  }

  void erase(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    entries_.erase(found->second);
    places_.erase(found);
  }

  void clear() {
    places_.clear();
    entries_.clear();
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<Key, Value>>;
  std::size_t most_entries_ = 0;
  Entries entries_{};
  std::unordered_map<Key, typename Entries::iterator> places_{};
};

/// What is known of one zone.
struct KnownZone {
  config::DomainName parent{};  ///< apex of the zone above
  ZoneCut cut{};
  std::vector<Nameserver> nameservers{};  ///< of the parent's set; of the union once `outcome` is there
  std::vector<config::DomainName> nameservers_cut_off{};
  /// Servers that answered for the zone although the parent named none: parent and child on one server.
  std::vector<config::ServerAddress> also_at{};
  std::vector<config::ServerAddress> useless_at{};  ///< servers that answered without being of use
  bool answers = false;  ///< some server of it answered with authority, or referred to a zone below
  /// Each server of the zone above that may be asked was asked for the referral, and so on up to the root:
  /// `cut.parents` has them.
  bool parents_asked = false;
  std::vector<StrayServer> strays{};  ///< of zones above, whose word leads past this one
  /// Present when the child's own set and the addresses were looked for, or when that cannot succeed.
  std::optional<DiscoveryOutcome> outcome{};
  MonotonicTime until{};  ///< end of life of the referral, and so of all of this

  /// Asking it again is in vain for a while: nobody answered, or nobody can be reached.
  [[nodiscard]] bool is_dead() const { return outcome && *outcome != DiscoveryOutcome::complete && !answers; }
};

/// What became of the name of a nameserver, by the servers of that name's own zone.
struct KnownHost {
  HostOutcome outcome = HostOutcome::unknown;
  std::vector<config::Address> addresses{};
  bool ipv4_told = false;  ///< they said which addresses of the family there are, or that there are none
  bool ipv6_told = false;
};

/// How a server address behaved of late.
enum class ServerState : std::uint8_t { unknown, answered, silent };

class ZoneCache {
 public:
  /// How long a failure (a dead zone, a silent server) is remembered.
  static constexpr std::chrono::seconds failure_life{30};

  struct Limits {
    std::size_t zones = 20'000;
    std::size_t names_without_cut = 20'000;
    std::size_t hosts = 50'000;
    std::size_t servers = 50'000;
    /// How long the referral to a dead zone is kept: after it the parent is asked anew.
    std::chrono::seconds dead_zone_life = failure_life;
  };
  /// No entry lives longer, whatever its TTL says, and none shorter: one round shall see one state. The
  /// longest is what resolvers keep at most, so that a registry's servers are asked once for each TTL of a
  /// delegation.
  static constexpr std::chrono::seconds longest_life{604'800};
  static constexpr std::chrono::seconds shortest_life{10};
  /// How long a family counts as without route. Short, since trying it costs nothing, one missing route does
  /// not speak for all addresses, and what is not asked meanwhile stays unknown.
  static constexpr std::chrono::seconds no_route_life{3};
  static constexpr std::chrono::seconds longest_negative_life{60};

  /// When something learned at `now` with this TTL must be forgotten.
  [[nodiscard]] static MonotonicTime end_of_life(std::chrono::seconds life, MonotonicTime now);

  ZoneCache() : ZoneCache(Limits{}) {}
  explicit ZoneCache(Limits limits);

  /// The zone with this apex, if it is known at `now`; without `outcome` and addresses when only those are
  /// too old.
  [[nodiscard]] std::optional<KnownZone> zone(const config::DomainName& apex, MonotonicTime now);
  /// `outcome_life` is that of what was learned from the zone itself, when `outcome` is there. The referral
  /// to a zone of which nobody answered lives no longer than `Limits::dead_zone_life`.
  void put_zone(KnownZone zone, std::chrono::seconds outcome_life, MonotonicTime now);
  /// The next walk asks its parent anew.
  void forget_zone(const config::DomainName& apex) { zones_.erase(apex); }
  /// What was learned came from somebody else than the servers.
  void forget_everything();

  /// Whether servers of the zone `apex` said that no zone begins at `name`, and if so, whether they denied
  /// that the name exists.
  struct NoCut {
    bool denied = false;
    bool by_all = false;  ///< all servers that may be asked were, and none of them has a cut there
  };
  [[nodiscard]] std::optional<NoCut> no_cut(const config::DomainName& name, const config::DomainName& apex,
                                            MonotonicTime now);
  void put_no_cut(const config::DomainName& name, const config::DomainName& apex, NoCut fact,
                  std::chrono::seconds life, MonotonicTime now);

  [[nodiscard]] std::optional<KnownHost> host(const config::DomainName& name, MonotonicTime now);
  void put_host(const config::DomainName& name, KnownHost host, std::chrono::seconds life, MonotonicTime now);

  /// Counts up: whose turn it is where only some of a zone's servers are asked.
  [[nodiscard]] std::size_t next_turn() { return turn_++; }

  [[nodiscard]] ServerState server(const config::ServerAddress& server, MonotonicTime now);
  void put_server(const config::ServerAddress& server, ServerState state, MonotonicTime now);

  /// False for a while after an exchange ended with `no_route`.
  [[nodiscard]] bool has_route(config::Family family, MonotonicTime now) const;
  void put_no_route(config::Family family, MonotonicTime now);

 private:
  struct ZoneEntry {
    KnownZone zone{};
    MonotonicTime outcome_until{};
  };
  struct NoCutEntry {
    config::DomainName apex{};
    NoCut fact{};
    MonotonicTime until{};
  };
  struct HostEntry {
    KnownHost host{};
    MonotonicTime until{};
  };
  struct ServerEntry {
    ServerState state = ServerState::unknown;
    MonotonicTime until{};
  };
  RecentTable<config::DomainName, ZoneEntry> zones_;
  RecentTable<config::DomainName, NoCutEntry> names_without_cut_;
  RecentTable<config::DomainName, HostEntry> hosts_;
  RecentTable<config::ServerAddress, ServerEntry> servers_;
  std::array<MonotonicTime, 2> no_route_until_{};
  std::chrono::seconds dead_zone_life_{};
  std::size_t turn_ = 0;
};

}  // namespace dkimprobe::probe
