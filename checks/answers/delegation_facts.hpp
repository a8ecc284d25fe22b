// What an observation tells of the way to a zone: whether the servers above explain that its own differ, and
// whether it is seen from inside, or not at all. Facts for several checks.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checks/answers/chain_answers.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// The server at this address; null when it is none of the leg's.
[[nodiscard]] const ServerAnswer* answer_at(const HopAnswers& hop, const config::ServerAddress& address);

/// Whether the servers of a leg differ because the zone above refers to different sets, each alike in itself,
/// or because some of them are servers of a zone above that do not know of the zone below.
[[nodiscard]] bool parents_explain_difference(const HopAnswers& hop);

/// Whether that holds wherever the servers of a name of the chain differ.
[[nodiscard]] bool parents_explain_differences(const ChainAnswers& answers);

/// Whether the zone as it is answered here names servers at addresses alone that the public cannot reach,
/// while its parent names others: the view that a network has of its own zone.
[[nodiscard]] bool is_internal_view(const HopAnswers& hop);
[[nodiscard]] bool is_internal_view(const ChainAnswers& answers);

/// Whether nothing could be sent to any server, neither on the way to the name nor there.
[[nodiscard]] bool has_no_network(const HopAnswers& hop);

/// Whether a server of the zone above was asked at none of its addresses.
[[nodiscard]] bool is_not_all_asked(const probe::ZoneCut& cut);
/// A sentence for each zone above of which that holds.
[[nodiscard]] std::vector<std::string> unasked_parents(const std::vector<probe::Delegation>& delegations);

}  // namespace dkimprobe::checks
