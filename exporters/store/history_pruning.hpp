// What of a history is dropped: what ended too long ago, the oldest of too many periods, servers that left
// too long ago, and periods that cannot be stored. The newest period of any other server or zone stays. Pure:
// it works on loaded histories.
#pragma once

#include "checks/history/history.hpp"
#include "exporters/store/history_store.hpp"

namespace dkimprobe::exporters {

/// Drops what exceeds the limits, counted back from the last probe. Periods are stored by their start: of two
/// probes in the same millisecond only the later one counts.
void keep_within(checks::ZonePast& past, const HistoryLimits& limits);
void keep_within(checks::SelectorHistory& history, const HistoryLimits& limits);

}  // namespace dkimprobe::exporters
