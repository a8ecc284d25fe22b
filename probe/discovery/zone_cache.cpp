#include "probe/discovery/zone_cache.hpp"

#include <algorithm>

namespace dkimprobe::probe {
MonotonicTime ZoneCache::end_of_life(std::chrono::seconds life, MonotonicTime now) {
  return now + std::clamp(life, shortest_life, longest_life);
}

ZoneCache::ZoneCache(Limits limits)
    : zones_(limits.zones),
      names_without_cut_(limits.names_without_cut),
      hosts_(limits.hosts),
      servers_(limits.servers),
      keys_(limits.replies),
      delegation_signers_(limits.replies),
      dead_zone_life_(limits.dead_zone_life) {}

std::optional<KnownZone> ZoneCache::zone(const config::DomainName& apex, MonotonicTime now) {
  const ZoneEntry* entry = zones_.find(apex);
  if (entry == nullptr) return std::nullopt;
  if (now >= entry->zone.until) {
    zones_.erase(apex);
    return std::nullopt;
  }
  KnownZone known = entry->zone;
  if (known.outcome && now >= entry->outcome_until) {
    known.outcome.reset();
    known.answers = false;
    known.nameservers_cut_off.clear();
    known.useless_at.clear();
    known.cut.child_ns.clear();
    known.cut.child_ns_ttl_seconds = 0;
    // Drop nameservers that only the child named, unless the parent named none: then they are the only way
    // into the zone.
    if (!known.cut.parent_ns.empty()) {
      std::erase_if(known.nameservers, [](const Nameserver& server) { return !server.in_parent; });
    }
    for (Nameserver& server : known.nameservers) {
      server.in_child = false;
      server.host = HostOutcome::unknown;
      server.addresses.clear();
      server.ipv4_unknown = false;
      server.ipv6_unknown = false;
    }
  }
  return known;
}

void ZoneCache::put_zone(KnownZone zone, std::chrono::seconds outcome_life, MonotonicTime now) {
  const config::DomainName apex = zone.cut.apex;
  // A walk that only passed through the zone knows less than one that surveyed it completely.
  const ZoneEntry* present = zones_.find(apex);
  if (present != nullptr && present->zone.outcome && !zone.outcome && now < present->outcome_until) return;
  const MonotonicTime outcome_until = std::min(zone.until, end_of_life(outcome_life, now));
  // A walk that ran out of time says nothing about the referral.
  if (zone.is_dead() && zone.outcome != DiscoveryOutcome::budget_exhausted)
    zone.until = std::min(zone.until, std::max(outcome_until, now + dead_zone_life_));
  zones_.put(apex, {std::move(zone), outcome_until});
}

void ZoneCache::forget_everything() {
  zones_.clear();
  names_without_cut_.clear();
  hosts_.clear();
  servers_.clear();
  keys_.clear();
  delegation_signers_.clear();
}

std::optional<ZoneCache::NoCut> ZoneCache::no_cut(const config::DomainName& name,
                                                  const config::DomainName& apex, MonotonicTime now) {
  const NoCutEntry* entry = names_without_cut_.find(name);
  if (entry == nullptr || !(entry->apex == apex)) return std::nullopt;
  if (now >= entry->until) {
    names_without_cut_.erase(name);
    return std::nullopt;
  }
  return entry->fact;
}

void ZoneCache::put_no_cut(const config::DomainName& name, const config::DomainName& apex, NoCut fact,
                           std::chrono::seconds life, MonotonicTime now) {
  if (const auto known = no_cut(name, apex, now); known && known->by_all && !fact.by_all) return;
  names_without_cut_.put(name, {apex, fact, end_of_life(std::min(life, longest_negative_life), now)});
}

std::optional<KnownHost> ZoneCache::host(const config::DomainName& name, MonotonicTime now) {
  const HostEntry* entry = hosts_.find(name);
  if (entry == nullptr) return std::nullopt;
  if (now >= entry->until) {
    hosts_.erase(name);
    return std::nullopt;
  }
  return entry->host;
}

void ZoneCache::put_host(const config::DomainName& name, KnownHost host, std::chrono::seconds life,
                         MonotonicTime now) {
  hosts_.put(name, {std::move(host), end_of_life(life, now)});
}

std::optional<ZoneReply> ZoneCache::reply(const config::DomainName& zone, RecordType type,
                                          MonotonicTime now) {
  auto& replies = type == RecordType::ds ? delegation_signers_ : keys_;
  const ReplyEntry* entry = replies.find(zone);
  if (entry == nullptr || now >= entry->until) return std::nullopt;
  return entry->reply;
}

void ZoneCache::put_reply(ZoneReply reply, std::chrono::seconds life, MonotonicTime now) {
  auto& replies = reply.type == RecordType::ds ? delegation_signers_ : keys_;
  const config::DomainName zone = reply.zone;
  replies.put(zone, {std::move(reply), end_of_life(life, now)});
}

ServerState ZoneCache::server(const config::ServerAddress& server, MonotonicTime now) {
  const ServerEntry* entry = servers_.find(server);
  return entry == nullptr || now >= entry->until ? ServerState::unknown : entry->state;
}

void ZoneCache::put_server(const config::ServerAddress& server, ServerState state, MonotonicTime now) {
  servers_.put(server, {state, now + failure_life});
}

bool ZoneCache::has_route(config::Family family, MonotonicTime now) const {
  return now >= no_route_until_[static_cast<std::size_t>(family)];
}

void ZoneCache::put_no_route(config::Family family, MonotonicTime now) {
  no_route_until_[static_cast<std::size_t>(family)] = now + no_route_life;
}

}  // namespace dkimprobe::probe
