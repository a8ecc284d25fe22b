// What the rounds of this process remember of each server address: how fast it may be asked, which questions
// it has answered, whether it copes with EDNS, and of which zones it is no server but a resolver. Bounded:
// the address that was used least recently is forgotten first.
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
  /// How long walks go without EDNS after a query with it was refused or lost, which may have been chance.
  static constexpr std::chrono::hours plain_life{1};

  QueryRate rate;
  MonotonicTime plain_until = MonotonicTime::min();

  [[nodiscard]] bool is_plain_only(MonotonicTime now) const { return now < plain_until; }
};

/// A set of hashes in a fixed space: a new one may push another out, and none is ever there by mistake but
/// once in 2^32.
class HashSet {
 public:
  explicit HashSet(std::size_t places) : marks_(places) {}

  void insert(std::uint64_t hash) { place(hash) = mark(hash); }
  [[nodiscard]] bool contains(std::uint64_t hash) const {
    return marks_[(hash >> 32U) % marks_.size()] == mark(hash);
  }
  /// Whether it was there.
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

/// What may be answered while its neighbours are not: a server can drop one type, one transport, or EDNS.
struct QuestionKind {
  config::DomainName zone{};  ///< whose server was asked
  RecordType type = RecordType::txt;
  Transport transport = Transport::udp;
  bool edns = false;
};

class ServerMemories {
 public:
  explicit ServerMemories(const config::ProbeSettings& settings, std::size_t most_servers = 50'000)
      : burst_(settings.rate_burst), per_second_(settings.rate_per_second), memories_(most_servers) {}

  /// Valid until the next call.
  [[nodiscard]] ServerMemory& of(const config::ServerAddress& server, MonotonicTime now) {
    if (ServerMemory* known = memories_.find(server)) return *known;
    memories_.put(server, ServerMemory{QueryRate(burst_, per_second_, now)});
    return *memories_.find(server);
  }

  // An address is asked more slowly only when it stops answering what it has answered. A zone that it never
  // served, a type that it always drops: these say nothing of how much it can take. What it stopped
  // answering counts once, until it answers again: a zone that was taken off a server is no load on it.

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

  // Whether a server of the zone was a resolver (RA=1, AA=0) when it was last heard.

  void put_server_of(const config::ServerAddress& server, const config::DomainName& zone) {
    resolvers_.erase(hash(server, zone));
  }
  /// True when that is news.
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
  HashSet served_{most_served};
  HashSet resolvers_{most_resolvers};
};

}  // namespace dkimprobe::probe
