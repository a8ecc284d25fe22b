// Background for judging the probes of one domain: the history, and other selectors at which their keys are
// published. Nothing here asks a server.
#pragma once

#include <span>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/history/key_occurrences.hpp"
#include "config/basics/result.hpp"
#include "exporters/store/history_store.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::cli {

struct Background {
  checks::SelectorHistory history{};  ///< up to the end of the probe and including it; empty without a store
  checks::KeyPlaces elsewhere{};      ///< unknown for a single probe without a store
};

/// One for each probe; all probes are of selectors of one domain. Without a `store` (null), only the probes
/// themselves are used.
[[nodiscard]] config::Result<std::vector<Background>> backgrounds_of(
    exporters::HistoryStore* store, std::span<const probe::Observation> probes);

}  // namespace dkimprobe::cli
