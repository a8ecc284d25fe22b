// What the probes of this process remember about each server address: its rate limit and that of its network,
// which kinds of questions it has answered, whether EDNS works, and for which zones it answers as a resolver.
// Bounded: the least recently used address is dropped first.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "config/settings.hpp"
#include "probe/collection/rate_limit.hpp"
#include "probe/discovery/zone_cache.hpp"
#include "probe/observation.hpp"
#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

struct ServerMemory {
  /// How long walks go without EDNS after a query with it was refused or lost. Limited, because the loss may
  /// have been chance.
  static constexpr std::chrono::hours plain_life{1};

  QueryRate rate;
  MonotonicTime plain_until = MonotonicTime::min();

  [[nodiscard]] bool is_plain_only(MonotonicTime now) const { return now < plain_until; }
};

/// The network that limits the rate of an address, with the port 0: the /24 of an IPv4 address, the /48 of an
/// IPv6 address.
[[nodiscard]] config::ServerAddress network_of(const config::ServerAddress& server);
[[nodiscard]] inline bool is_network(const config::ServerAddress& place) {
  return place.port == 0;
}

/// A set of hashes in fixed space: a new hash may push another out; a false positive has a probability of
/// 2^-32.
class HashSet {
 public:
  explicit HashSet(std::size_t places) : marks_(places) {}

  void insert(std::uint64_t hash) { place(hash) = mark(hash); }
  [[nodiscard]] bool contains(std::uint64_t hash) const {
    return marks_[(hash >> 32U) % marks_.size()] == mark(hash);
  }
  /// Returns whether it was there.
  bool erase(std::uint64_t hash) {
    if (place(hash) != mark(hash)) return false;
    place(hash) = 0;
    return true;
  }

 private:
  [[nodiscard]] std::uint32_t& place(std::uint64_t hash) { return marks_[(hash >> 32U) % marks_.size()]; }
  [[nodiscard]] static std::uint32_t mark(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash) | 1U;
  }

  std::vector<std::uint32_t> marks_;
};

/// A kind of question that a server may answer while it ignores others: servers can drop one type, one
/// transport, or EDNS.
struct QuestionKind {
  config::DomainName zone{};  ///< whose server was asked
  RecordType type = RecordType::txt;
  Transport transport = Transport::udp;
  bool edns = false;
};

class ServerMemories {
 public:
  /// How many times the rate limit of an address applies to its whole network. A hostile zone may name every
  /// address of somebody else's network.
  static constexpr double network_factor = 4;

  explicit ServerMemories(const config::ProbeSettings& settings, std::size_t most_servers = 50'000)
      : burst_(settings.rate_burst),
        per_second_(settings.rate_per_second),
        memories_(most_servers),
        networks_(most_servers) {}

  /// Valid until the next call.
  [[nodiscard]] ServerMemory& of(const config::ServerAddress& server, MonotonicTime now) {
    if (ServerMemory* known = memories_.find(server)) return *known;
    memories_.put(server, ServerMemory{QueryRate(burst_, per_second_, now)});
    return *memories_.find(server);
  }
  /// The rate limit of an address, or of a network from `network_of`. Valid until the next call.
  [[nodiscard]] QueryRate& rate_of(const config::ServerAddress& place, MonotonicTime now) {
    if (!is_network(place)) return of(place, now).rate;
    if (QueryRate* known = networks_.find(place)) return *known;
    networks_.put(place, QueryRate(burst_ * network_factor, per_second_ * network_factor, now));
    return *networks_.find(place);
  }

  // The rate drops only when an address stops answering what it used to answer. A zone that it never served
  // or a type that it always drops says nothing about its load. Each kind that it stopped answering counts
  // once, until it answers again: a zone that was removed from a server is not a sign of overload.

  void answered(const config::ServerAddress& server, const QuestionKind& kind, MonotonicTime now) {
    served_.insert(hash(server, kind));
    served_.insert(hash(server, kind.zone));
    of(server, now).rate.recover();
  }
  void refused(const config::ServerAddress& server, const QuestionKind& kind, MonotonicTime now) {
    if (served_.erase(hash(server, kind.zone))) of(server, now).rate.slow_down();
  }
  void kept_silent(const config::ServerAddress& server, const QuestionKind& kind, MonotonicTime now) {
    if (served_.erase(hash(server, kind))) of(server, now).rate.slow_down();
  }

  // Whether the last response of a server of the zone was that of a resolver (RA=1, AA=0).

  void put_server_of(const config::ServerAddress& server, const config::DomainName& zone) {
    resolvers_.erase(hash(server, zone));
  }
  /// True when this was not known before.
  bool put_resolver_for(const config::ServerAddress& server, const config::DomainName& zone) {
    if (is_resolver_for(server, zone)) return false;
    resolvers_.insert(hash(server, zone));
    return true;
  }
  [[nodiscard]] bool is_resolver_for(const config::ServerAddress& server,
                                     const config::DomainName& zone) const {
    return resolvers_.contains(hash(server, zone));
  }

 private:
  static constexpr std::size_t most_served = 1U << 17U;
  static constexpr std::size_t most_resolvers = 1U << 14U;

  [[nodiscard]] static std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    // The finalizer of SplitMix64.
    std::uint64_t mixed = a ^ (b + 0x9e3779b97f4a7c15ULL);
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31U);
  }
  [[nodiscard]] static std::uint64_t hash(const config::ServerAddress& server,
                                          const config::DomainName& zone) {
    return mix(mix(std::hash<config::ServerAddress>{}(server), 0), std::hash<config::DomainName>{}(zone));
  }
  [[nodiscard]] static std::uint64_t hash(const config::ServerAddress& server, const QuestionKind& kind) {
    const std::uint64_t way = (kind.transport == Transport::tcp ? 2U : 1U) + (kind.edns ? 2U : 0U);
    return mix(hash(server, kind.zone), way << 16U | static_cast<std::uint64_t>(kind.type));
  }

  double burst_;
  double per_second_;
  RecentTable<config::ServerAddress, ServerMemory> memories_;
  RecentTable<config::ServerAddress, QueryRate> networks_;
  HashSet served_{most_served};
  HashSet resolvers_{most_resolvers};
};

}  // namespace dkimprobe::probe
