// What walks learned, kept for later walks of the same process: zones with their nameservers, names without a
// zone cut, addresses of nameservers, silent servers. Bounded; time is an argument; for one thread.
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

/// A table of bounded size that drops the least recently used entry first.
template <class Key, class Value>
class RecentTable {
 public:
  explicit RecentTable(std::size_t most_entries) : most_entries_(most_entries) {}

  /// The value, or null; finding it counts as a use. Valid until the next `put`.
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
  std::vector<Nameserver> nameservers{};  ///< of the parent's set; of the union once `outcome` is set
  std::vector<config::DomainName> nameservers_cut_off{};
  /// Servers that answered for the zone although the parent returned no referral: parent and child on one
  /// server.
  std::vector<config::ServerAddress> also_at{};
  std::vector<config::ServerAddress> useless_at{};  ///< servers with only useless answers
  bool answers = false;  ///< some server answered with authority or referred to a zone below
  /// Every server of the zone above that may be asked was asked for the referral, and so on up to the root;
  /// see `cut.parents`.
  bool parents_asked = false;
  std::vector<StrayServer> strays{};  ///< servers of zones above that lead past this zone
  /// Present when the child's own set and the addresses were looked up, or when that cannot succeed.
  std::optional<DiscoveryOutcome> outcome{};
  MonotonicTime until{};  ///< when the referral, and with it everything here, expires

  /// Asking it again is useless for a while: no server answered, or none can be reached.
  [[nodiscard]] bool is_dead() const { return outcome && *outcome != DiscoveryOutcome::complete && !answers; }
};

/// The result of looking up a nameserver name at the servers of its own zone.
struct KnownHost {
  HostOutcome outcome = HostOutcome::unknown;
  std::vector<config::Address> addresses{};
  bool ipv4_told = false;  ///< they returned the addresses of this family, or answered that there are none
  bool ipv6_told = false;
};

/// How a server address behaved recently.
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
    std::size_t replies = 5'000;  ///< about keys, and as many about DS records
    /// How long the referral to a dead zone is kept before the parent is asked again.
    std::chrono::seconds dead_zone_life = failure_life;
  };
  /// Bounds of every entry's lifetime, whatever its TTL. The shortest ensures that one probe sees one state.
  /// The longest is what resolvers keep at most, so that a registry's servers are asked once for each TTL of
  /// a delegation.
  static constexpr std::chrono::seconds longest_life{604'800};
  static constexpr std::chrono::seconds shortest_life{10};
  /// How long an address family counts as unroutable. Short: trying it costs nothing, one missing route does
  /// not prove that all are missing, and what is not asked meanwhile stays unknown.
  static constexpr std::chrono::seconds no_route_life{3};
  static constexpr std::chrono::seconds longest_negative_life{60};

  /// When something learned at `now` with this TTL expires.
  [[nodiscard]] static MonotonicTime end_of_life(std::chrono::seconds life, MonotonicTime now);

  ZoneCache() : ZoneCache(Limits{}) {}
  explicit ZoneCache(Limits limits);

  /// The zone with this apex, if it is known at `now`; without `outcome` and addresses if these have expired.
  [[nodiscard]] std::optional<KnownZone> zone(const config::DomainName& apex, MonotonicTime now);
  /// `outcome_life` applies to what was learned from the zone itself, when `outcome` is set. The referral to
  /// a zone without an answering server is kept no longer than `Limits::dead_zone_life`.
  void put_zone(KnownZone zone, std::chrono::seconds outcome_life, MonotonicTime now);
  /// Makes the next walk ask its parent again.
  void forget_zone(const config::DomainName& apex) { zones_.erase(apex); }
  /// For when the answers did not come from the servers themselves.
  void forget_everything();

  /// What servers of the zone `apex` answered about a name at which no zone begins: whether they denied that
  /// the name exists.
  struct NoCut {
    bool denied = false;
    bool by_all = false;  ///< all servers that may be asked were asked, and none has a cut there
  };
  [[nodiscard]] std::optional<NoCut> no_cut(const config::DomainName& name, const config::DomainName& apex,
                                            MonotonicTime now);
  void put_no_cut(const config::DomainName& name, const config::DomainName& apex, NoCut fact,
                  std::chrono::seconds life, MonotonicTime now);

  [[nodiscard]] std::optional<KnownHost> host(const config::DomainName& name, MonotonicTime now);
  void put_host(const config::DomainName& name, KnownHost host, std::chrono::seconds life, MonotonicTime now);

  /// What a server replied about the keys or the DS records of a zone.
  [[nodiscard]] std::optional<ZoneReply> reply(const config::DomainName& zone, RecordType type,
                                               MonotonicTime now);
  void put_reply(ZoneReply reply, std::chrono::seconds life, MonotonicTime now);

  /// A counter that rotates the sample where only some of a zone's servers are asked.
  [[nodiscard]] std::size_t next_turn() { return turn_++; }

  [[nodiscard]] ServerState server(const config::ServerAddress& server, MonotonicTime now);
  void put_server(const config::ServerAddress& server, ServerState state, MonotonicTime now);

  /// False for a short time after an exchange ended with `no_route`.
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
  struct ReplyEntry {
    ZoneReply reply{};
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
  RecentTable<config::DomainName, ReplyEntry> keys_;
  RecentTable<config::DomainName, ReplyEntry> delegation_signers_;
  std::array<MonotonicTime, 2> no_route_until_{};
  std::chrono::seconds dead_zone_life_{};
  std::size_t turn_ = 0;
};

}  // namespace dkimprobe::probe
