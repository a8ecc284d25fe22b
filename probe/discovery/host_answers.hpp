// What the servers of a nameserver's zone said of its addresses.
#pragma once

#include <cstddef>
#include <optional>

#include "probe/discovery/walk_board.hpp"
#include "probe/discovery/zone_question.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// Adds the addresses that the servers gave, at most `most` in all.
void add_addresses(HostFacts& facts, const ZoneQuestion& asked, std::size_t most);

/// What became of the name, once both its questions are over, with the addresses in place; `facts` get the
/// life that this may have. Nothing where an answer is missing that would tell.
[[nodiscard]] std::optional<HostOutcome> settle_answers(HostFacts& facts, const ZoneQuestion& a,
                                                        const ZoneQuestion& aaaa);

}  // namespace dkimprobe::probe
