// Facts about the delegation of a zone for several checks: whether the parent servers explain differences
// between its servers, and whether this machine has an internal view of the zone, or no network.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checks/answers/chain_answers.hpp"
#include "config/basics/escape.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// The hop's server at this address, or null.
[[nodiscard]] const ServerAnswer* answer_at(const HopAnswers& hop, const config::ServerAddress& address);

/// Whether the servers of a hop differ because the parent zone refers to different sets of servers, each
/// consistent in itself, or because some of them are parent servers that do not know the child zone.
[[nodiscard]] bool parents_explain_difference(const HopAnswers& hop);

/// Whether that is so for every name of the chain whose servers differ.
[[nodiscard]] bool parents_explain_differences(const ChainAnswers& answers);

/// Whether the zone as seen from here only lists servers that the public cannot reach, while its parent lists
/// others: an internal view.
[[nodiscard]] bool is_internal_view(const HopAnswers& hop);
[[nodiscard]] bool is_internal_view(const ChainAnswers& answers);

/// Whether nothing could be sent to any server, neither of the delegation walk nor of the name.
[[nodiscard]] bool has_no_network(const HopAnswers& hop);

/// Whether a parent server returned a DS record that receivers check, so that they validate the zone.
[[nodiscard]] bool has_checked_ds(const probe::ZoneCut& cut);

/// Whether none of the addresses of some parent server was queried.
[[nodiscard]] bool is_not_all_asked(const probe::ZoneCut& cut);
/// A sentence for each such cut.
[[nodiscard]] std::vector<config::EscapedText> unasked_parents(
    const std::vector<probe::Delegation>& delegations);

}  // namespace dkimprobe::checks
