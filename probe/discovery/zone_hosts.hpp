// Collects what is known about a zone's nameservers when its survey is over.
#pragma once

#include <chrono>
#include <vector>

#include "config/names/domain_name.hpp"
#include "probe/discovery/host_search.hpp"
#include "probe/discovery/walk_board.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// Writes the addresses that were found into the zone's nameservers; `cut_off` when the walk ends before the
/// searches.
void settle_hosts(WalkBoard& board, HostSearches& hosts, WalkZone& zone, bool cut_off);

/// How complete the knowledge about the zone is, and how long it may be cached.
struct ZoneKnowledge {
  std::chrono::seconds life = ZoneCache::longest_life;
  bool has_gaps = false;  ///< something expected was not found, so it is asked for again soon
  bool met_budget = false;
};

/// `wanted` are the nameservers whose addresses were looked up.
[[nodiscard]] ZoneKnowledge knowledge_of(const WalkBoard& board, const WalkZone& zone,
                                         const std::vector<config::DomainName>& wanted);

/// For a zone without a useful answer from any server; `asked_somebody` when at least one server was asked.
[[nodiscard]] DiscoveryOutcome why_nobody_answered(const WalkBoard& board, const WalkZone& zone,
                                                   bool asked_somebody);

}  // namespace dkimprobe::probe
