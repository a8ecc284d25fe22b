#include "exporters/store/history_pruning.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace dkimprobe::exporters {
namespace {

using checks::PublishedKind;
using checks::SelectorHistory;
using checks::ServerTimeline;
using checks::ZonePast;
using probe::WallTime;

/// Drops what ended before `oldest`. The newest period of a timeline stays.
template <class Timeline>
void drop_before(std::vector<Timeline>& timelines, WallTime oldest) {
  for (auto& timeline : timelines) {
    auto& periods = timeline.periods;
    const auto newest = periods.empty() ? periods.end() : periods.end() - 1;
    periods.erase(periods.begin(), std::find_if(periods.begin(), newest, [&](const auto& period) {
                    return period.last_seen >= oldest;
                  }));
  }
}

bool has_left(const ServerTimeline& timeline) {
  return !timeline.periods.empty() && timeline.periods.back().kind == PublishedKind::left;
}

/// The same for servers; also drops those that left before `oldest`.
void drop_servers_before(std::vector<ServerTimeline>& servers, WallTime oldest) {
  drop_before(servers, oldest);
  std::erase_if(servers, [&](const ServerTimeline& timeline) {
    return has_left(timeline) && timeline.periods.back().first_seen < oldest;
  });
}

/// Drops the earlier of two periods with the same start: the start identifies a stored period.
template <class Timeline>
void drop_same_starts(std::vector<Timeline>& timelines) {
  for (auto& timeline : timelines) {
    auto& periods = timeline.periods;
    for (std::size_t i = periods.size(); i > 1; --i) {
      if (periods[i - 2].first_seen == periods[i - 1].first_seen)
        periods.erase(periods.begin() + static_cast<std::ptrdiff_t>(i) - 2);
    }
  }
}

}  // namespace

void keep_within(ZonePast& past, const HistoryLimits& limits) {
  drop_same_starts(past.zones);
  drop_same_starts(past.names);
  if (!past.last_probe) return;
  drop_before(past.zones, *past.last_probe - limits.longest_age);
  drop_servers_before(past.names, *past.last_probe - limits.longest_age);
}

void keep_within(SelectorHistory& history, const HistoryLimits& limits) {
  drop_same_starts(history.servers);
  if (!history.last_probe) return;
  drop_servers_before(history.servers, *history.last_probe - limits.longest_age);

  std::size_t count = 0;
  std::vector<WallTime> ends;  // of the periods that may be dropped
  const auto may_go = [&](WallTime end) {
    if (end < *history.last_probe - limits.always_kept) ends.push_back(end);
  };
  for (const auto& timeline : history.servers) {
    const auto& periods = timeline.periods;
    count += periods.size();
    for (std::size_t i = 0; i + 1 < periods.size(); ++i) may_go(periods[i].last_seen);
    if (has_left(timeline)) may_go(periods.back().first_seen);
  }
  if (count <= limits.most_periods || ends.empty()) return;
  const std::size_t excess = std::min(count - limits.most_periods, ends.size());
  std::ranges::nth_element(ends, ends.begin() + static_cast<std::ptrdiff_t>(excess - 1));
  // Periods that ended at the same time are dropped together.
  drop_servers_before(history.servers, ends[excess - 1] + std::chrono::milliseconds{1});
}

}  // namespace dkimprobe::exporters
