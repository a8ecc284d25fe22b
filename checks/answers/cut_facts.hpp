// What each parent server returns for a zone cut, and which answer a resolver that asks it gets in the end.
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "probe/observation.hpp"

namespace dkimprobe::checks {

struct HopAnswers;

/// Answers for a hop's name, a number for each distinct one; empty when not known.
using AnswerIds = std::set<std::size_t>;

/// Parent servers that refer to the same nameservers.
struct ReferralGroup {
  std::set<config::DomainName> nameservers{};
  std::vector<const probe::ParentAnswer*> parents{};
  AnswerIds answers{};  ///< of these nameservers, without those that do not know the cut
};

struct CutFacts {
  std::vector<ReferralGroup> groups{};                ///< in the order of first appearance
  std::vector<const probe::ParentAnswer*> with{};     ///< refer to the zone below, or serve it themselves
  std::vector<const probe::ParentAnswer*> without{};  ///< do not have the cut that those have
  /// What a resolver gets that asks each of `ZoneCut::parents`. Empty, here and in the groups, when the
  /// servers agree at every cut.
  std::vector<AnswerIds> answers{};

  [[nodiscard]] bool is_agreed() const { return groups.size() < 2 && without.empty(); }
};

/// One for each cut above the hop's name, in its order. Works from the last cut upwards, so the cost is
/// linear in the number of servers even if they differ at many cuts.
[[nodiscard]] std::vector<CutFacts> read_cuts(const HopAnswers& hop);

[[nodiscard]] bool names_any(const std::vector<config::DomainName>& names,
                             const std::set<config::DomainName>& wanted);

}  // namespace dkimprobe::checks
