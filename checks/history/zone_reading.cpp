#include "checks/history/zone_reading.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
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

/// The nameservers that the parent or the zone itself names, each once.
std::vector<DomainName> nameservers_of(const NameserverPeriod& period) {
  std::vector<DomainName> all;
  for (const auto* const list : {&period.parent, &period.child}) {
    std::ranges::copy_if(*list, std::back_inserter(all),
                         [&](const DomainName& name) { return !contains(all, name); });
  }
  return all;
}

/// Half-open.
struct Interval {
  WallTime from{};
  WallTime end = WallTime::max();  ///< the maximum while it lasts

  [[nodiscard]] bool lasts() const { return end == WallTime::max(); }
};

/// When caches could fetch what the period holds.
Interval interval_of(const ZoneTimeline& zone, std::size_t at) {
  const NameserverPeriod& period = zone.periods[at];
  if (at + 1 >= zone.periods.size()) return {period.first_seen};
  return {period.first_seen, std::max(zone.periods[at + 1].first_seen, period.last_seen)};
}

/// What is left of the intervals without those in which the zone was there.
std::vector<Interval> without(std::vector<Interval> intervals, const ZoneTimeline& zone) {
  for (std::size_t i = 0; i < zone.periods.size(); ++i) {
    if (zone.periods[i].is_no_zone()) continue;
    const Interval cut = interval_of(zone, i);
    std::vector<Interval> left;
    for (const Interval& whole : intervals) {
      if (cut.end <= whole.from || whole.end <= cut.from) {
        left.push_back(whole);
        continue;
      }
      if (whole.from < cut.from) left.push_back({whole.from, cut.from});
      if (cut.end < whole.end) left.push_back({cut.end, whole.end});
    }
    intervals = std::move(left);
  }
  return intervals;
}

bool is_present(const ZoneTimeline& zone) {
  return !zone.periods.empty() && !zone.periods.back().is_no_zone();
}

/// Whether every period from this one on names the nameserver.
bool is_still_named(const ZoneTimeline& zone, std::size_t at, const DomainName& nameserver) {
  return std::all_of(zone.periods.begin() + static_cast<std::ptrdiff_t>(at), zone.periods.end(),
                     [&](const NameserverPeriod& period) { return names(period, nameserver); });
}

const ZoneTimeline* deepest_of(const std::vector<const ZoneTimeline*>& path) {
  const auto deepest =
      std::ranges::max_element(path, {}, [](const ZoneTimeline* zone) { return zone->apex.label_count(); });
  return deepest == path.end() ? nullptr : *deepest;
}

}  // namespace

WallTime later(WallTime time, seconds wait) {
  const auto room = WallTime::max() - std::max(time, WallTime{});
  return room < wait ? WallTime::max() : time + wait;
}

WallTime held_until(WallTime time, seconds ttl) {
  return later(time, ttl + seconds{1});
}

/// An interval in which the servers of one zone held a name, because no zone below did.
struct ZoneReader::Holding {
  const ZoneTimeline* zone = nullptr;
  const NameserverPeriod* period = nullptr;
  Interval interval{};
};

std::vector<const ZoneTimeline*> ZoneReader::path_to(const DomainName& name) const {
  std::vector<const ZoneTimeline*> path;
  for (const auto& zone : past_.zones) {
    if (name.is_at_or_below(zone.apex)) path.push_back(&zone);
  }
  return path;
}

const ZoneTimeline* ZoneReader::deepest(const DomainName& owner) const {
  auto path = path_to(owner);
  std::erase_if(path, [](const ZoneTimeline* zone) { return !is_present(*zone); });
  return deepest_of(path);
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
  for (const ZoneTimeline* const zone : path_to(timeline.owner)) {
    const WallTime led = outdated_above(*zone);
    for (std::size_t i = 0; i < zone->periods.size(); ++i) {
      const NameserverPeriod& period = zone->periods[i];
      largest = std::max(largest, period.ttl_seconds());
      if (!nameserver || !names(period, *nameserver)) continue;
      is_known = true;
      // It still serves a zone above, and now refers to the zone below.
      if (zone != holder && is_still_named(*zone, i, *nameserver)) continue;
      const Interval named = interval_of(*zone, i);
      // Probes of other names may have seen it return since.
      const WallTime last = named.lasts() ? past_.last_probe.value_or(left) : named.end;
      const WallTime asked = named.from > left ? last : std::min(last, left);
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
    until = std::max(until,
                     held_until(std::max(interval_of(*upper, i).end, higher), seconds{period.ttl_seconds()}));
  }
  return until;
}

const ZoneTimeline* ZoneReader::above(const ZoneTimeline& zone) const {
  auto path = path_to(zone.apex);
  std::erase_if(path, [&](const ZoneTimeline* other) { return other == &zone || other->periods.empty(); });
  return deepest_of(path);
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
  const auto path = path_to(owner);
  for (const ZoneTimeline* const zone : path) {
    for (std::size_t i = 0; i < zone->periods.size(); ++i) {
      if (zone->periods[i].is_no_zone()) continue;
      std::vector<Interval> held{interval_of(*zone, i)};
      for (const ZoneTimeline* const below : path) {
        if (below != zone && below->apex.is_at_or_below(zone->apex)) held = without(std::move(held), *below);
      }
      for (const Interval& interval : held) all.push_back({zone, &zone->periods[i], interval});
    }
  }
  return all;
}

std::optional<WallTime> ZoneReader::first_heard(const DomainName& owner, const DomainName& nameserver) const {
  std::optional<WallTime> latest;
  for (const ServerTimeline& timeline : timelines_of(servers_, owner)) {
    if (DomainName::parse(timeline.server.name) != nameserver) continue;
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
  for (const auto& [zone, period, interval] : holdings(owner)) {
    // Until then it is unknown what the present servers had.
    WallTime heard = interval.from;
    FormerServers gone{zone->apex, {}, interval.from, period->negative_ttl_seconds, period->nsec_ttl_seconds};
    for (const auto& nameserver : nameservers_of(*period)) {
      if (const auto first = first_heard(owner, nameserver)) {
        heard = std::max(heard, *first);
      } else if (interval.lasts()) {
        continue;
      } else if (names(zone->periods.back(), nameserver) ||
                 (holder != nullptr && names(holder->periods.back(), nameserver))) {
        // It is asked now, or now refers to the zone below.
        heard = std::max(heard, interval.end);
      } else {
        gone.names.push_back(nameserver);
        const WallTime led = std::max(interval.end, outdated_above(*zone));
        gone.asked_until = std::max(gone.asked_until, held_until(led, ttl_of(*period, nameserver)));
      }
    }
    if (!gone.names.empty()) former.push_back(std::move(gone));
    if (heard > interval.from)
      former.push_back({zone->apex, {}, heard, period->negative_ttl_seconds, period->nsec_ttl_seconds});
  }
  return former;
}

std::vector<FormerDs> ZoneReader::former_ds(const DomainName& owner) const {
  std::vector<FormerDs> former;
  for (const ZoneTimeline* const zone : path_to(owner)) {
    if (zone->periods.empty()) continue;
    const auto& now = zone->periods.back().ds;
    for (std::size_t i = 0; i + 1 < zone->periods.size(); ++i) {
      const NameserverPeriod& period = zone->periods[i];
      const bool is_shared = std::ranges::any_of(
          period.ds, [&](const std::string& ds) { return std::ranges::find(now, ds) != now.end(); });
      if (period.ds.empty() || is_shared) continue;
      const seconds held{period.ds_ttl_seconds};
      former.push_back({zone->apex, held_until(interval_of(*zone, i).end, held), held});
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
  for (const auto& timeline : timelines_of(past_.names, name)) {
    for (const auto& period : timeline.periods) {
      if (period.kind == PublishedKind::nodata) see(period.first_seen);
    }
  }
  return first;
}

}  // namespace dkimprobe::checks
