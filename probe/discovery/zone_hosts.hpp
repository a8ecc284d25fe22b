// What is known of a zone's nameservers when its survey is over.
#pragma once

#include <chrono>
#include <vector>

#include "config/names/domain_name.hpp"
#include "probe/discovery/host_search.hpp"
#include "probe/discovery/walk_board.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// Writes the addresses that were found into the zone's nameservers; `cut_off` when the walk ends before the
/// searches did.
void settle_hosts(WalkBoard& board, HostSearches& hosts, WalkZone& zone, bool cut_off);

/// How much was learned of the zone itself, and how long it may be kept.
struct ZoneKnowledge {
  std::chrono::seconds life = ZoneCache::longest_life;
  bool has_gaps = false;  ///< what should be there was not found, so that it is soon asked for again
  bool met_budget = false;
};

/// `wanted` are the nameservers whose addresses were looked for.
[[nodiscard]] ZoneKnowledge knowledge_of(const WalkBoard& board, const WalkZone& zone,
                                         const std::vector<config::DomainName>& wanted);

/// For a zone of which no server gave an answer of use; `asked_somebody` when one was there to be asked.
[[nodiscard]] DiscoveryOutcome why_nobody_answered(const WalkBoard& board, const WalkZone& zone,
                                                   bool asked_somebody);

}  // namespace dkimprobe::probe
