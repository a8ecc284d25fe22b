// Shared by the parts of a history, which all consist of periods: the timelines of servers, the past of zones
// and that of the names above. Only files of this room include it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "checks/answers/chain_answers.hpp"
#include "checks/history/history.hpp"
#include "config/names/domain_name.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

inline void keep_largest(std::optional<std::uint32_t>& largest, std::optional<std::uint32_t> value) {
  if (value) largest = std::max(largest.value_or(0), *value);
}

/// How long a cache may hold that there is no such name or record (RFC 2308 section 5).
[[nodiscard]] std::optional<std::uint32_t> absence_ttl(const probe::Response& response);

template <class Value>
void sort_once(std::vector<Value>& values) {
  std::ranges::sort(values);
  values.erase(std::ranges::unique(values).begin(), values.end());
}

/// What one probe saw of a server. `before` is its last known answer, or null: neighbours of the name that
/// the probe did not see are assumed unchanged.
[[nodiscard]] AnswerPeriod read_period(const ServerAnswer& answer, const AnswerPeriod* before);

/// Starts a new period if it differs from the last one; else extends the last one until now.
void add_period(ServerTimeline& timeline, AnswerPeriod period, WallTime now);

/// Merges old periods of the largest timelines until all texts have at most `largest_history_bytes`.
void keep_small(std::vector<ServerTimeline>& timelines);

/// Whether every address of the zone's servers is in the probe.
[[nodiscard]] bool is_whole_search(const probe::Delegation& delegation);

/// Adds what a probe saw of the zones; `answers` are those of its chain.
void add_zones(ZonePast& past, const probe::Chain& chain, const ChainAnswers& answers, WallTime now);

/// Adds what a probe's servers answered for the names above the selector's: see `ZonePast::names`.
void add_names_above(ZonePast& past, const probe::Chain& chain, const ChainAnswers& answers, WallTime now);

/// Reduces the past to what was known at `time`.
void forget_after(ZonePast& past, WallTime time);

/// When it was last relevant: those that left longest ago can be dropped.
[[nodiscard]] inline WallTime last_used(const ServerTimeline& timeline) {
  if (timeline.periods.empty()) return WallTime::min();
  const AnswerPeriod& last = timeline.periods.back();
  return last.kind == PublishedKind::left ? last.first_seen : last.last_seen;
}

[[nodiscard]] inline WallTime last_used(const ZoneTimeline& timeline) {
  return timeline.periods.empty() ? WallTime::min() : timeline.periods.back().last_seen;
}

template <class Timeline>
void keep_few(std::vector<Timeline>& timelines, std::size_t most) {
  while (timelines.size() > most) {
    timelines.erase(std::ranges::min_element(timelines, std::less<>{},
                                             [](const Timeline& timeline) { return last_used(timeline); }));
  }
}

template <class Timeline>
void forget_after(std::vector<Timeline>& timelines, WallTime time) {
  for (auto& timeline : timelines) {
    std::erase_if(timeline.periods, [&](const auto& period) { return period.first_seen > time; });
    for (auto& period : timeline.periods) period.last_seen = std::min(period.last_seen, time);
  }
  std::erase_if(timelines, [](const Timeline& timeline) { return timeline.periods.empty(); });
}

}  // namespace dkimprobe::checks
