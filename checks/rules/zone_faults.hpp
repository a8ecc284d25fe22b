// What the checks of a zone share: which servers and zones they go through, and how their findings name them.
#pragma once

#include <functional>
#include <ranges>
#include <string>
#include <vector>

#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/evidence.hpp"

namespace dkimprobe::checks {

/// The servers of the name's own zone; those of zones above are evaluated at the zone cut instead.
[[nodiscard]] inline auto own_servers(const HopAnswers& hop) {
  return hop.servers | std::views::filter(std::not_fn(&ServerAnswer::is_stray));
}

/// Whether any server gave a complete answer for any name of the chain.
[[nodiscard]] bool has_answers(const Evidence& evidence);

/// NXDOMAIN, or no record of the type.
[[nodiscard]] bool is_negative(ServerOutcome outcome);

/// One hop for each zone: the delegation of a zone is the same for all names in it.
[[nodiscard]] std::vector<const HopAnswers*> distinct_zones(const Evidence& evidence);

/// Whether no server of the hop's zone returned a signature although its DS records demand them: the zone is
/// not signed.
[[nodiscard]] bool lacks_all_signatures(const HopAnswers& hop, const dnssec::HopValidation& validation);

[[nodiscard]] std::string zone_text(const HopAnswers& hop);

/// "ns1.example.com (192.0.2.1), ns2.example.com (192.0.2.2)"
[[nodiscard]] std::string servers_text(const std::vector<ServerId>& servers);

/// The servers of the groups that are not right; all servers if none is known to be right.
[[nodiscard]] std::vector<ServerId> servers_to_fix(const std::vector<AnswerGroup>& groups);

/// "Ed25519 (key SHA-256 ...) from ns1.example.com (192.0.2.1); NXDOMAIN from ns2.example.com (192.0.2.2)"
[[nodiscard]] std::string groups_text(const std::vector<AnswerGroup>& groups, const Evidence& evidence);

}  // namespace dkimprobe::checks
