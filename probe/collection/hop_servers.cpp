#include "probe/collection/hop_servers.hpp"

#include <algorithm>
#include <cstddef>

#include "config/names/special_purpose.hpp"
#include "probe/discovery/address_policy.hpp"
#include "probe/discovery/trust_search.hpp"

namespace dkimprobe::probe {

using config::DomainName;
using config::ServerAddress;

Delegation pinned_delegation(const DomainName& domain, const std::vector<config::NamedServer>& servers) {
  Delegation delegation;
  delegation.zone = domain;
  delegation.outcome = DiscoveryOutcome::pinned;
  auto& nameservers = delegation.nameservers;
  for (const config::NamedServer& pinned : servers) {
    auto known = std::ranges::find(nameservers, pinned.name, &Nameserver::name);
    if (known == nameservers.end()) known = nameservers.insert(known, Nameserver{.name = pinned.name});
    known->host = HostOutcome::found;
    if (std::ranges::find(known->addresses, pinned.ip) == known->addresses.end())
      known->addresses.push_back(pinned.ip);
  }
  return delegation;
}

std::optional<Delegation> known_delegation(const DomainName& owner, const std::vector<Observation>& earlier,
                                           WallTime now) {
  for (const Observation& observation : earlier) {
    for (const Hop& hop : observation.key.hops) {
      if (!(hop.owner == owner) || hop.delegation.outcome != DiscoveryOutcome::complete) continue;
      Delegation known = hop.delegation;
      for (WalkExchange& walked : known.exchanges) walked.exchange.started += observation.observed_at - now;
      return known;
    }
  }
  return std::nullopt;
}

void HopServers::add(const ChainProbe& chain, HopProbe& hop) {
  for (const Nameserver& nameserver : hop.delegation.nameservers) {
    for (const ServerAddress& address : addresses_of(hop, nameserver))
      add(chain, hop, {nameserver.name}, address, std::nullopt);
  }
  for (const StrayServer& stray : hop.delegation.strays)
    add(chain, hop, stray.names, stray.address, stray.zone);
}

void HopServers::add(const ChainProbe& chain, HopProbe& hop, const std::vector<DomainName>& names,
                     const ServerAddress& address, const std::optional<DomainName>& stray_of) {
  const auto known = std::ranges::find_if(
      hop.servers, [&](const ServerProbe& server) { return server.seen.address == address; });
  if (known != hop.servers.end()) {
    for (const DomainName& name : names) {
      if (std::ranges::find(known->seen.names, name) == known->seen.names.end())
        known->seen.names.push_back(name);
    }
    return;
  }
  const ServerOfZone of_zone(address, stray_of ? *stray_of : hop.delegation.zone);
  const bool is_pinned = hop.delegation.outcome == DiscoveryOutcome::pinned;
  NotAsked not_asked = why_not_asked(context_.settings, context_.zones, context_.engine.now(), address.ip,
                                     hop.servers.size(), is_pinned);
  if (not_asked == NotAsked::asked && !is_pinned && asks_enough(chain, address))
    not_asked = NotAsked::budget_exhausted;
  const bool is_asked = not_asked == NotAsked::asked;
  const bool asks_about_zone = is_asked && !chain.is_adsp && !is_quick_;
  const ServerProbe** const zone_facts = asks_about_zone ? &zone_facts_[of_zone] : nullptr;
  const QuestionSet questions = chain.is_adsp || is_quick_             ? QuestionSet::quick
                                : zone_facts != nullptr && *zone_facts ? QuestionSet::record_only
                                                                       : QuestionSet::full;
  ServerProbe& server = hop.servers.emplace_back(questions, plan_limits(chain, hop, of_zone.second));
  server.seen.names = names;
  server.seen.address = address;
  server.seen.not_asked = not_asked;
  server.seen.stray_of = stray_of;
  if (is_asked) server.gate = gate_of(hop, of_zone);
  if (questions == QuestionSet::record_only) {
    server.zone_facts_from = *zone_facts;
  } else if (zone_facts != nullptr) {
    *zone_facts = &server;
  }
}

bool HopServers::asks_enough(const ChainProbe& chain, const ServerAddress& address) const {
  const std::size_t most_in_network = context_.settings.budgets.addresses_per_zone;
  const std::size_t most = 3 * most_in_network;
  // The operator permits the networks with a special purpose.
  const bool is_public = config::special_purpose(address.ip).empty();
  const ServerAddress network = network_of(address);
  std::size_t all = 0;
  std::size_t in_network = 0;
  for (const HopProbe& hop : chain.hops) {
    for (const ServerProbe& server : hop.servers) {
      if (server.seen.not_asked != NotAsked::asked) continue;
      ++all;
      if (is_public && network_of(server.seen.address) == network) ++in_network;
    }
  }
  return all >= most || in_network >= most_in_network;
}

std::vector<ServerAddress> HopServers::addresses_of(const HopProbe& hop, const Nameserver& nameserver) const {
  const auto& settings = context_.settings;
  if (hop.delegation.outcome == DiscoveryOutcome::pinned)
    return addresses_with_name(settings.pinned_servers, nameserver.name, settings.port);
  std::vector<ServerAddress> addresses;
  for (const auto* given : {&nameserver.glue, &nameserver.addresses}) {
    for (const config::Address& ip : *given) addresses.push_back({ip, settings.port});
  }
  return addresses;
}

PlanLimits HopServers::plan_limits(const ChainProbe& chain, const HopProbe& hop,
                                   const DomainName& zone) const {
  PlanLimits limits;
  limits.attempts = static_cast<std::uint8_t>(context_.settings.attempts);
  limits.exchanges = static_cast<std::uint8_t>(context_.settings.budgets.exchanges_per_server);
  limits.initial_timeout = context_.settings.initial_timeout;
  limits.tcp_timeout = context_.settings.tcp_timeout;
  limits.holds_domainkey = !chain.is_adsp && &hop == &chain.hops.front() && wildcard_probe_ &&
                           wildcard_probe_->is_at_or_below(zone);
  limits.is_signed = context_.settings.collects_signatures && !is_quick_ && !chain.is_adsp &&
                     zone == hop.delegation.zone && may_be_signed(hop.delegation);
  // Two more questions, each up to three times and once over TCP.
  if (limits.is_signed) limits.exchanges += 8;
  return limits;
}

/// Null where nothing suggests that the server is a resolver. Servers that the operator named get a gate
/// because no delegation confirms them.
WatchedGate* HopServers::gate_of(const HopProbe& hop, const ServerOfZone& server) {
  if (const auto known = gates_.find(server); known != gates_.end()) return &known->second;
  const bool named_by_operator = hop.delegation.outcome == DiscoveryOutcome::pinned && !is_quick_;
  const auto& [address, zone] = server;
  if (!named_by_operator && !context_.servers.is_resolver_for(address, zone)) return nullptr;
  return &gates_.emplace(server, WatchedGate{NameGate(address, zone), {}, {}}).first->second;
}

}  // namespace dkimprobe::probe
