// What is known beside the looks at one domain, for their judgement: what was seen before, and at which other
// selectors their keys stand. It asks no server.
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
  checks::SelectorHistory history{};  ///< with the look, as of its end; nothing where none is stored
  checks::KeyPlaces elsewhere{};      ///< unknown without a store, where there is one look alone
};

/// One for each look, all of which are at selectors of one domain. `store` may be null: then the looks know
/// of each other alone.
[[nodiscard]] config::Result<std::vector<Background>> backgrounds_of(
    exporters::HistoryStore* store, std::span<const probe::Observation> probes);

}  // namespace dkimprobe::cli
