#include "checks/history/zone_reading.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace dkimprobe::checks {
namespace {

using config::DomainName;
using std::chrono::seconds;

bool contains(const std::vector<DomainName>& names, const DomainName& name) {
  return std::ranges::find(names, name) != names.end();
}

bool names(const NameserverPeriod& period, const DomainName& nameserver) {
  return contains(period.parent, nameserver) || contains(period.child, nameserver);
}

/// How long a resolver uses the nameserver for the zone: a parent-centric one by the parent's TTL, a
/// child-centric one by the child's.
seconds ttl_of(const NameserverPeriod& period, const DomainName& nameserver) {
  return seconds{std::max(contains(period.parent, nameserver) ? period.parent_ttl_seconds : 0,
                          contains(period.child, nameserver) ? period.child_ttl_seconds : 0)};
}

/// When caches could last fetch what the period holds; nothing while it lasts.
std::optional<WallTime> end_of(const ZoneTimeline& zone, std::size_t period) {
  if (period + 1 >= zone.periods.size()) return std::nullopt;
  return std::max(zone.periods[period + 1].first_seen, zone.periods[period].last_seen);
}

bool is_present(const ZoneTimeline& zone) {
  return !zone.periods.empty() && !zone.periods.back().is_no_zone();
}

}  // namespace

WallTime later(WallTime time, seconds wait) {
  const auto room = WallTime::max() - std::max(time, WallTime{});
  return room < wait ? WallTime::max() : time + wait;
}

WallTime held_until(WallTime time, seconds ttl) {
  return later(time, ttl + seconds{1});
}

const ZoneTimeline* ZoneReader::deepest(const DomainName& owner) const {
  const ZoneTimeline* deepest = nullptr;
  for (const auto& zone : past_.zones) {
    if (!owner.is_at_or_below(zone.apex) || !is_present(zone)) continue;
    if (deepest == nullptr || deepest->apex.label_count() < zone.apex.label_count()) deepest = &zone;
  }
  return deepest;
}

bool ZoneReader::is_zone(const DomainName& name) const {
  return std::ranges::any_of(past_.zones,
                             [&](const ZoneTimeline& zone) { return zone.apex == name && is_present(zone); });
}

WallTime ZoneReader::asked_until(const ServerTimeline& timeline, WallTime left) const {
  const auto nameserver = DomainName::parse(timeline.server.name);
  const ZoneTimeline* const holder = deepest(timeline.owner);
  WallTime until = left;
  bool is_known = false;
  std::uint32_t largest = 0;
  for (const auto& zone : past_.zones) {
    if (!timeline.owner.is_at_or_below(zone.apex)) continue;
    const WallTime led = outdated_above(zone);
    for (std::size_t i = 0; i < zone.periods.size(); ++i) {
      const NameserverPeriod& period = zone.periods[i];
      largest = std::max(largest, period.ttl_seconds());
      if (!nameserver || !names(period, *nameserver)) continue;
      is_known = true;
      const auto end = end_of(zone, i);
      const bool is_still_named =
          std::all_of(zone.periods.begin() + static_cast<std::ptrdiff_t>(i), zone.periods.end(),
                      [&](const NameserverPeriod& later_period) { return names(later_period, *nameserver); });
      // It still serves a zone above, and now refers to the zone below.
      if (is_still_named && &zone != holder) continue;
      // Probes of other names may have seen it return since.
      const WallTime last = end ? *end : past_.last_probe.value_or(left);
      const WallTime asked = period.first_seen > left ? last : std::min(last, left);
      until = std::max(until, held_until(std::max(asked, led), ttl_of(period, *nameserver)));
    }
  }
  if (!is_known) return later(left, std::max(unknown_wait_, seconds{largest}));
  // Its name is still there, so its address changed: the TTL of the old address is unknown.
  if (holder != nullptr && names(holder->periods.back(), *nameserver))
    until = std::max(until, later(left, unknown_wait_));
  return until;
}

/// Until when caches may know former nameservers of zones above, and so be referred to old servers below
/// them.
WallTime ZoneReader::outdated_above(const ZoneTimeline& zone) const {
  const ZoneTimeline* const upper = above(zone);
  if (upper == nullptr) return WallTime::min();
  const WallTime higher = outdated_above(*upper);
  WallTime until = higher;
  const NameserverPeriod& last = upper->periods.back();
  for (std::size_t i = 0; i + 1 < upper->periods.size(); ++i) {
    const NameserverPeriod& period = upper->periods[i];
    if (period.same_nameservers(last)) continue;
    until = std::max(until, held_until(std::max(*end_of(*upper, i), higher), seconds{period.ttl_seconds()}));
  }
  return until;
}

const ZoneTimeline* ZoneReader::above(const ZoneTimeline& zone) const {
  const ZoneTimeline* upper = nullptr;
  for (const auto& other : past_.zones) {
    if (other.periods.empty() || other.apex == zone.apex || !zone.apex.is_at_or_below(other.apex)) continue;
    if (upper == nullptr || upper->apex.label_count() < other.apex.label_count()) upper = &other;
  }
  return upper;
}

std::optional<seconds> ZoneReader::denial_above(const DomainName& name) const {
  const auto zone = std::ranges::find(past_.zones, name, &ZoneTimeline::apex);
  const ZoneTimeline* const upper = zone == past_.zones.end() ? nullptr : above(*zone);
  if (upper == nullptr || !is_present(*zone)) return std::nullopt;
  std::optional<seconds> longest;
  for (const auto& period : upper->periods) {
    const auto ttl = std::max(period.negative_ttl_seconds, period.nsec_ttl_seconds);
    if (ttl) longest = std::max(longest.value_or(seconds{0}), seconds{*ttl});
  }
  return longest;
}

std::vector<ZoneReader::Holding> ZoneReader::holdings(const DomainName& owner) const {
  std::vector<Holding> all;
  for (const auto& zone : past_.zones) {
    if (!owner.is_at_or_below(zone.apex)) continue;
    for (std::size_t i = 0; i < zone.periods.size(); ++i) {
      if (zone.periods[i].is_no_zone()) continue;
      std::vector<Holding> pieces{{&zone, &zone.periods[i], zone.periods[i].first_seen, end_of(zone, i)}};
      for (const auto& below : past_.zones) {
        if (!owner.is_at_or_below(below.apex) || !below.apex.is_at_or_below(zone.apex) ||
            below.apex == zone.apex)
          continue;
        for (std::size_t j = 0; j < below.periods.size(); ++j) {
          if (below.periods[j].is_no_zone()) continue;
          const WallTime from = below.periods[j].first_seen;
          const auto end = end_of(below, j);
          std::vector<Holding> left;
          for (const Holding& piece : pieces) {
            if ((end && *end <= piece.from) || (piece.end && *piece.end <= from)) {
              left.push_back(piece);
              continue;
            }
            if (piece.from < from) left.push_back({piece.zone, piece.period, piece.from, from});
            if (end && (!piece.end || *end < *piece.end))
              left.push_back({piece.zone, piece.period, *end, piece.end});
          }
          pieces = std::move(left);
        }
      }
      all.insert(all.end(), pieces.begin(), pieces.end());
    }
  }
  return all;
}

std::optional<WallTime> ZoneReader::first_heard(const DomainName& owner, const DomainName& nameserver) const {
  std::optional<WallTime> latest;
  for (const ServerTimeline& timeline : servers_) {
    const auto name = DomainName::parse(timeline.server.name);
    if (!(timeline.owner == owner) || !name || !(*name == nameserver)) continue;
    const auto whole = std::ranges::find_if(timeline.periods, &AnswerPeriod::is_whole);
    // The latest of its addresses decides.
    if (whole != timeline.periods.end())
      latest = std::max(latest.value_or(whole->first_seen), whole->first_seen);
  }
  return latest;
}

std::vector<FormerServers> ZoneReader::former_servers(const DomainName& owner) const {
  std::vector<FormerServers> former;
  const ZoneTimeline* const holder = deepest(owner);
  for (const Holding& holding : holdings(owner)) {
    const NameserverPeriod& period = *holding.period;
    WallTime heard = holding.from;
    FormerServers gone{
        holding.zone->apex, {}, holding.from, period.negative_ttl_seconds, period.nsec_ttl_seconds};
    for (const auto* const list : {&period.parent, &period.child}) {
      for (const auto& nameserver : *list) {
        if (const auto first = first_heard(owner, nameserver)) {
          heard = std::max(heard, *first);
          continue;
        }
        if (!holding.end) continue;
        // It is asked now, or now refers to the zone below.
        const bool is_current = holder != nullptr && names(holder->periods.back(), nameserver);
        if (is_current || names(holding.zone->periods.back(), nameserver)) {
          heard = std::max(heard, *holding.end);
          continue;
        }
        if (!contains(gone.names, nameserver)) gone.names.push_back(nameserver);
        const WallTime led = std::max(*holding.end, outdated_above(*holding.zone));
        gone.asked_until = std::max(gone.asked_until, held_until(led, ttl_of(period, nameserver)));
      }
    }
    if (!gone.names.empty()) former.push_back(std::move(gone));
    // Known servers, but unknown answers before they were first seen to answer for the name.
    if (heard > holding.from)
      former.push_back({holding.zone->apex, {}, heard, period.negative_ttl_seconds, period.nsec_ttl_seconds});
  }
  return former;
}

std::vector<FormerDs> ZoneReader::former_ds(const DomainName& owner) const {
  std::vector<FormerDs> former;
  for (const auto& zone : past_.zones) {
    if (zone.periods.empty() || !owner.is_at_or_below(zone.apex)) continue;
    const auto& now = zone.periods.back().ds;
    for (std::size_t i = 0; i + 1 < zone.periods.size(); ++i) {
      const NameserverPeriod& period = zone.periods[i];
      const bool is_shared = std::ranges::any_of(
          period.ds, [&](const std::string& ds) { return std::ranges::find(now, ds) != now.end(); });
      if (period.ds.empty() || is_shared) continue;
      const seconds held{period.ds_ttl_seconds};
      former.push_back({zone.apex, held_until(*end_of(zone, i), held), held});
    }
  }
  return former;
}

std::optional<WallTime> ZoneReader::first_there(const DomainName& name) const {
  std::optional<WallTime> first;
  const auto see = [&](WallTime time) { first = std::min(first.value_or(time), time); };
  for (const auto& zone : past_.zones) {
    if (!zone.apex.is_at_or_below(name)) continue;
    for (const auto& period : zone.periods) {
      if (!period.is_no_zone()) see(period.first_seen);
    }
  }
  for (const auto& timeline : past_.names) {
    if (!(timeline.owner == name)) continue;
    for (const auto& period : timeline.periods) {
      if (period.kind == PublishedKind::nodata) see(period.first_seen);
    }
  }
  return first;
}

}  // namespace dkimprobe::checks
