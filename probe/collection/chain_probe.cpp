#include "probe/collection/chain_probe.hpp"

#include <algorithm>
#include <tuple>

namespace dkimprobe::probe {

using config::DomainName;

namespace {

/// The order of exchanges in an observation.
bool began_before(const Exchange& a, const Exchange& b) {
  return std::tie(a.started, a.purpose, a.attempt) < std::tie(b.started, b.purpose, b.attempt);
}

}  // namespace

bool is_about_zone(const Exchange& exchange) {
  return exchange.purpose == Purpose::zone_soa || exchange.purpose == Purpose::zone_ns ||
         exchange.purpose == Purpose::wildcard_probe || exchange.purpose == Purpose::domainkey ||
         exchange.purpose == Purpose::zone_dnskey;
}

bool ChainProbe::leads_to(const DomainName& from, const DomainName& to) const {
  // Visits each name once: hostile aliases can make thousands of paths between a dozen names.
  std::vector<DomainName> reached{from};
  for (std::size_t at = 0; at < reached.size(); ++at) {
    if (reached[at] == to) return true;
    for (const auto& [owner, target] : aliases) {
      if (owner == reached[at] && std::find(reached.begin(), reached.end(), target) == reached.end()) {
        reached.push_back(target);
      }
    }
  }
  return false;
}

Chain gather(const ChainProbe& chain) {
  Chain gathered;
  gathered.outcome = chain.outcome;
  for (const HopProbe& hop : chain.hops) {
    Hop& to = gathered.hops.emplace_back();
    to.owner = hop.owner;
    to.delegation = hop.delegation;
    if (hop.trust != nullptr) to.delegation.chain_of_trust = hop.trust->replies();
    auto& walked = to.delegation.exchanges;
    walked.insert(walked.end(), hop.walk_exchanges.begin(), hop.walk_exchanges.end());
    std::sort(walked.begin(), walked.end(), [](const WalkExchange& a, const WalkExchange& b) {
      return began_before(a.exchange, b.exchange);
    });
    for (const ServerProbe& server : hop.servers) {
      ServerObservation& seen = to.servers.emplace_back(server.seen);
      if (server.zone_facts_from != nullptr) {
        for (const Exchange& exchange : server.zone_facts_from->seen.exchanges) {
          if (is_about_zone(exchange)) seen.exchanges.push_back(exchange);
        }
        // When the budget of exchanges runs out, the questions about the zone are the ones left out.
        seen.cut_short = seen.cut_short || server.zone_facts_from->seen.cut_short;
      }
      std::sort(seen.exchanges.begin(), seen.exchanges.end(), began_before);
    }
  }
  return gathered;
}

}  // namespace dkimprobe::probe
