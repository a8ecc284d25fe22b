#include "probe/discovery/zone_hosts.hpp"

#include <algorithm>

namespace dkimprobe::probe {

using config::DomainName;
using std::chrono::seconds;

namespace {

bool has_address(const Nameserver& nameserver, config::Family family) {
  const auto is_of = [&](const config::Address& address) { return address.family() == family; };
  return std::ranges::any_of(nameserver.glue, is_of) || std::ranges::any_of(nameserver.addresses, is_of);
}

/// Marks the families of which a nameserver with some address may have others that were not found.
void mark_unknown_families(Nameserver& nameserver, const HostFacts& host) {
  const bool has_ipv4 = has_address(nameserver, config::Family::ipv4);
  const bool has_ipv6 = has_address(nameserver, config::Family::ipv6);
  const bool may_have_more = (has_ipv4 || has_ipv6) && !host.met_local_error &&
                             (host.outcome == HostOutcome::found || host.outcome == HostOutcome::unknown ||
                              host.outcome == HostOutcome::budget_exhausted);
  nameserver.ipv4_unknown = may_have_more && !host.ipv4_known && !has_ipv4;
  nameserver.ipv6_unknown = may_have_more && !host.ipv6_known && !has_ipv6;
}

}  // namespace

void settle_hosts(WalkBoard& board, HostSearches& hosts, WalkZone& zone, bool cut_off) {
  const std::size_t most = board.settings().budgets.addresses_per_zone;
  for (const AddressRecord& given : zone.given) {
    const auto named = std::ranges::find(zone.facts.nameservers, given.owner, &Nameserver::name);
    add_address(named->addresses, given.address, most);
  }
  for (Nameserver& nameserver : zone.facts.nameservers) {
    HostFacts* host = board.host(nameserver.name);
    if (host == nullptr) {
      if (zone.parent == nullptr) {
        nameserver.host = HostOutcome::found;
      } else if (cut_off && nameserver.glue.empty()) {
        nameserver.host = HostOutcome::budget_exhausted;
      }
      continue;
    }
    if (!host->ended) {
      hosts.collect(nameserver.name);
      host->outcome = cut_off ? HostOutcome::budget_exhausted : HostOutcome::unknown;
    }
    nameserver.host = nameserver.addresses.empty() ? host->outcome : HostOutcome::found;
    for (const config::Address& address : host->addresses) add_address(nameserver.addresses, address, most);
    mark_unknown_families(nameserver, *host);
  }
}

ZoneKnowledge knowledge_of(const WalkBoard& board, const WalkZone& zone,
                           const std::vector<DomainName>& wanted) {
  ZoneKnowledge knowledge;
  knowledge.met_budget = !zone.facts.nameservers_cut_off.empty();
  for (const DomainName& name : wanted) {
    const HostFacts* host = board.host(name);
    switch (host == nullptr ? HostOutcome::budget_exhausted : host->outcome) {
      case HostOutcome::found:
      case HostOutcome::is_alias:
      case HostOutcome::name_missing:
      case HostOutcome::no_address:
        knowledge.life = std::min(knowledge.life, host->life);
        break;
      case HostOutcome::unknown:
      case HostOutcome::loop:
        knowledge.has_gaps = true;
        break;
      case HostOutcome::budget_exhausted:
        knowledge.met_budget = true;
        break;
    }
  }
  if (zone.facts.cut.child_ns.empty()) {
    knowledge.has_gaps = true;
  } else {
    knowledge.life = std::min(knowledge.life, seconds{shortest_ttl(zone.facts.cut.child_ns)});
  }
  if (knowledge.has_gaps || knowledge.met_budget)
    knowledge.life = std::min<seconds>(knowledge.life, ZoneCache::failure_life);
  return knowledge;
}

DiscoveryOutcome why_nobody_answered(const WalkBoard& board, const WalkZone& zone, bool asked_somebody) {
  if (zone.facts.is_dead()) return *zone.facts.outcome;
  bool met_loop = false;
  bool met_budget = board.out_of_questions();
  for (const Nameserver& nameserver : zone.facts.nameservers) {
    const HostFacts* host = board.host(nameserver.name);
    if (host == nullptr) continue;
    met_loop |= host->outcome == HostOutcome::loop;
    met_budget |= host->outcome == HostOutcome::budget_exhausted;
  }
  if (met_budget) return DiscoveryOutcome::budget_exhausted;
  return met_loop && !asked_somebody ? DiscoveryOutcome::loop : DiscoveryOutcome::no_servers;
}

}  // namespace dkimprobe::probe
