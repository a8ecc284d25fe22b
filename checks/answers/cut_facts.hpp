// What the servers of the zone above each cut say of it, each for itself, and which answer a resolver that
// asks them comes to.
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "probe/observation.hpp"

namespace dkimprobe::checks {

struct HopAnswers;

/// Answers for a leg's name, each distinct one by a number; empty when not known.
using AnswerIds = std::set<std::size_t>;

/// Servers of the zone above a cut that refer to the same nameservers.
struct ReferralGroup {
  std::set<config::DomainName> nameservers{};
  std::vector<const probe::ParentAnswer*> parents{};
  AnswerIds answers{};  ///< by way of the nameservers, beside those that do not know the cut
};

struct CutFacts {
  std::vector<ReferralGroup> groups{};                ///< in the order in which they are met
  std::vector<const probe::ParentAnswer*> with{};     ///< lead to the zone below, or serve it themselves
  std::vector<const probe::ParentAnswer*> without{};  ///< have no cut where those have one
  /// What a resolver that asks there gets, one for each of `ZoneCut::parents`. Left out, here and in the
  /// groups, when the servers of each cut on the way agree.
  std::vector<AnswerIds> answers{};

  [[nodiscard]] bool is_agreed() const { return groups.size() < 2 && without.empty(); }
};

/// One for each cut on the way to the leg's name, in its order. Each way down is followed once, from the last
/// cut up: servers that differ at many cuts cost no more than their number.
[[nodiscard]] std::vector<CutFacts> read_cuts(const HopAnswers& hop);

[[nodiscard]] bool names_any(const std::vector<config::DomainName>& names,
                             const std::set<config::DomainName>& wanted);

}  // namespace dkimprobe::checks
