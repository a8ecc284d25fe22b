// Evaluates what the servers of a nameserver's zone answered about its addresses.
#pragma once

#include <cstddef>
#include <optional>

#include "probe/discovery/walk_board.hpp"
#include "probe/discovery/zone_question.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// Adds the addresses that the servers returned, at most `most` in all.
void add_addresses(HostFacts& facts, const ZoneQuestion& asked, std::size_t most);

/// The outcome for the name, once both its questions are over and the addresses are added. Sets in `facts`
/// how long it may be cached. Nothing if a missing answer leaves it open.
[[nodiscard]] std::optional<HostOutcome> settle_answers(HostFacts& facts, const ZoneQuestion& a,
                                                        const ZoneQuestion& aaaa);

}  // namespace dkimprobe::probe
