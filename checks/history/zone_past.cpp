#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/history/history.hpp"
#include "checks/history/history_periods.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;

/// A zone as one probe saw it, and which parts the probe saw.
struct SeenZone {
  NameserverPeriod period{};
  bool ds_known = false;
  bool denials_known = true;  ///< each of its servers returned a negative TTL
};
using SeenZones = std::map<DomainName, SeenZone>;

std::string ds_text(const probe::DsRecord& ds) {
  std::string digest;
  for (const char octet : ds.digest) digest += fmt::format("{:02x}", static_cast<unsigned char>(octet));
  return fmt::format("{}/{}/{}/{}", ds.key_tag, ds.algorithm, ds.digest_type, digest);
}

void read_cut(const probe::ZoneCut& cut, SeenZone& seen) {
  NameserverPeriod& period = seen.period;
  for (const auto& ns : cut.parent_ns) period.parent.push_back(ns.target.lower_case());
  for (const auto& ns : cut.child_ns) period.child.push_back(ns.target.lower_case());
  period.parent_ttl_seconds = std::max(period.parent_ttl_seconds, cut.parent_ns_ttl_seconds);
  period.child_ttl_seconds = std::max(period.child_ttl_seconds, cut.child_ns_ttl_seconds);
  for (const auto& referral : cut.referrals) {
    seen.ds_known = true;
    for (const auto& ds : referral.ds) {
      period.ds.push_back(ds_text(ds));
      period.ds_ttl_seconds = std::max(period.ds_ttl_seconds, ds.ttl_seconds);
    }
  }
}

/// Reads the zone's negative TTLs from a response.
void read_denial(const probe::Response& response, SeenZones& seen) {
  for (const auto& soa : response.soa) {
    const auto zone = seen.find(soa.owner);
    if (zone == seen.end()) continue;
    keep_largest(zone->second.period.negative_ttl_seconds, negative_ttl(soa));
    keep_largest(zone->second.period.nsec_ttl_seconds, response.nsec_ttl_seconds);
  }
}

void read_server(const ServerAnswer& server, const DomainName& apex, SeenZones& seen) {
  for (const TransportAttempts* const attempts :
       {&server.plain, &server.edns, &server.tcp, &server.soa, &server.wildcard_probe}) {
    if (attempts->response() != nullptr && attempts->response()->authoritative)
      read_denial(*attempts->response(), seen);
  }
  const auto zone = seen.find(apex);
  if (zone == seen.end() || server.server->stray_of) return;
  if (server.soa_record == nullptr || !is_whole(server.wildcard_probe.outcome))
    zone->second.denials_known = false;
  // Each server may return a different NS set.
  const probe::Response* const response = server.ns.response();
  if (response == nullptr || !response->authoritative) return;
  NameserverPeriod& period = zone->second.period;
  for (const auto& ns : response->ns) {
    period.child.push_back(ns.target.lower_case());
    period.child_ttl_seconds = std::max(period.child_ttl_seconds, ns.ttl_seconds);
  }
}

SeenZones read_zones(const ChainAnswers& answers) {
  SeenZones seen;
  for (const HopAnswers& hop : answers.hops) {
    for (const auto& cut : hop.hop->delegation.cuts) read_cut(cut, seen[cut.apex]);
  }
  for (const HopAnswers& hop : answers.hops) {
    for (const auto& [address, apex, exchange] : hop.hop->delegation.exchanges) {
      if (!exchange.response) continue;
      if (exchange.response->authoritative) read_denial(*exchange.response, seen);
      // A referral to a zone without DS has NSEC records with the TTL of a denial (RFC 9077).
      if (const auto zone = seen.find(apex); zone != seen.end())
        keep_largest(zone->second.period.nsec_ttl_seconds, exchange.response->nsec_ttl_seconds);
    }
    for (const ServerAnswer& server : hop.servers) read_server(server, hop.hop->delegation.zone, seen);
  }
  for (auto& [apex, zone] : seen) {
    // The servers of zones above were queried only for what is below.
    const bool is_asked = std::ranges::any_of(answers.hops, [&](const HopAnswers& hop) {
      return hop.hop->delegation.zone == apex && !hop.servers.empty();
    });
    zone.denials_known = zone.denials_known && is_asked;
    sort_once(zone.period.parent);
    sort_once(zone.period.child);
    sort_once(zone.period.ds);
  }
  return seen;
}

/// What the probe did not see is assumed unchanged.
void carry(const NameserverPeriod& before, SeenZone& seen) {
  NameserverPeriod& period = seen.period;
  // A zone on the path whose servers are known is not queried for its own NS set again.
  if (!period.parent.empty() && period.child.empty() && period.parent == before.parent) {
    period.child = before.child;
    period.child_ttl_seconds = before.child_ttl_seconds;
  }
  if (before.is_no_zone() && !period.is_no_zone()) return;
  if (!seen.ds_known) {
    period.ds = before.ds;
    period.ds_ttl_seconds = before.ds_ttl_seconds;
  }
  if (!period.same_nameservers(before) || seen.denials_known) return;
  keep_largest(period.negative_ttl_seconds, before.negative_ttl_seconds);
  keep_largest(period.nsec_ttl_seconds, before.nsec_ttl_seconds);
}

/// Merges two neighbours: no time for which a cache may hold either is shortened.
void join_first(std::vector<NameserverPeriod>& periods) {
  NameserverPeriod& older = periods[0];
  NameserverPeriod& newer = periods[1];
  for (auto list : {&NameserverPeriod::parent, &NameserverPeriod::child}) {
    std::ranges::copy(older.*list, std::back_inserter(newer.*list));
    sort_once(newer.*list);
  }
  std::ranges::copy(older.ds, std::back_inserter(newer.ds));
  sort_once(newer.ds);
  newer.first_seen = older.first_seen;
  newer.parent_ttl_seconds = std::max(older.parent_ttl_seconds, newer.parent_ttl_seconds);
  newer.child_ttl_seconds = std::max(older.child_ttl_seconds, newer.child_ttl_seconds);
  newer.ds_ttl_seconds = std::max(older.ds_ttl_seconds, newer.ds_ttl_seconds);
  keep_largest(newer.negative_ttl_seconds, older.negative_ttl_seconds);
  keep_largest(newer.nsec_ttl_seconds, older.nsec_ttl_seconds);
  periods.erase(periods.begin());
}

void add_seen(ZoneTimeline& timeline, SeenZone seen, WallTime now) {
  auto& periods = timeline.periods;
  if (!periods.empty()) carry(periods.back(), seen);
  if (periods.empty() || !periods.back().same_but_times(seen.period)) {
    seen.period.first_seen = now;
    periods.push_back(std::move(seen.period));
  }
  periods.back().last_seen = now;
  if (periods.size() > longest_timeline) join_first(periods);
}

ZoneTimeline& zone_of(ZonePast& past, const DomainName& apex) {
  const auto known = std::ranges::find(past.zones, apex, &ZoneTimeline::apex);
  return known == past.zones.end() ? past.zones.emplace_back(ZoneTimeline{apex, {}}) : *known;
}

}  // namespace

void add_zones(ZonePast& past, const probe::Chain& chain, const ChainAnswers& answers, WallTime now) {
  if (past.last_probe) now = std::max(now, *past.last_probe);
  if (!past.first_probe) past.first_probe = now;
  past.last_probe = now;
  SeenZones seen = read_zones(answers);
  for (auto& zone : past.zones) {
    if (seen.contains(zone.apex)) continue;
    const bool is_gone = std::ranges::any_of(chain.hops, [&](const probe::Hop& hop) {
      return hop.delegation.outcome == probe::DiscoveryOutcome::complete &&
             hop.owner.is_at_or_below(zone.apex);
    });
    if (is_gone) add_seen(zone, {{}, true, true}, now);
  }
  for (auto& [apex, zone] : seen) add_seen(zone_of(past, apex), std::move(zone), now);
  add_names_above(past, chain, answers, now);
  keep_few(past.zones, most_zones);
  keep_few(past.names, most_timelines);
}

ZonePast merge_pasts(const std::vector<ZonePast>& pasts) {
  ZonePast merged;
  struct Sight {
    WallTime time{};
    const DomainName* apex = nullptr;
    const NameserverPeriod* period = nullptr;
  };
  std::vector<Sight> sights;
  for (const ZonePast& past : pasts) {
    if (past.first_probe)
      merged.first_probe = std::min(merged.first_probe.value_or(*past.first_probe), *past.first_probe);
    if (past.last_probe)
      merged.last_probe = std::max(merged.last_probe.value_or(*past.last_probe), *past.last_probe);
    for (const auto& zone : past.zones) {
      for (const auto& period : zone.periods) {
        sights.push_back({period.first_seen, &zone.apex, &period});
        if (period.last_seen != period.first_seen) sights.push_back({period.last_seen, &zone.apex, &period});
      }
    }
  }
  std::ranges::sort(sights, {}, &Sight::time);
  for (const auto& [time, apex, period] : sights)
    add_seen(zone_of(merged, *apex), {*period, true, true}, time);
  return merged;
}

void forget_after(ZonePast& past, WallTime time) {
  if (!past.first_probe || *past.first_probe > time) {
    past = {};
    return;
  }
  forget_after(past.zones, time);
  forget_after(past.names, time);
  past.last_probe = std::min(*past.last_probe, time);
}

}  // namespace dkimprobe::checks
