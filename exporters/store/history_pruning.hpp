// What of a history is dropped: what ended too long ago, and the oldest of too many periods. Pure: it works
// on loaded histories. The newest period of a timeline always stays.
#pragma once

#include "checks/history/history.hpp"
#include "exporters/store/history_store.hpp"

namespace dkimprobe::exporters {

/// Drops what exceeds the limits, counted back from the last probe.
void keep_within(checks::ZonePast& past, const HistoryLimits& limits);
void keep_within(checks::SelectorHistory& history, const HistoryLimits& limits);

/// Periods are identified by their start. Of two probes in the same millisecond the later one counts.
void start_once(checks::ZonePast& past);
void start_once(checks::SelectorHistory& history);

}  // namespace dkimprobe::exporters
