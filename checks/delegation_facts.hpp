// What an observation tells of the cuts above a zone: where the delegations that parents give lead, which
// servers of the zone above say something else, and whether the zone is seen from inside. Facts for several
// checks.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checks/answers.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// What ends of a chain look like from one server: the record, an alias, or "none". Empty when not known.
[[nodiscard]] std::string answer_key(const ServerAnswer& answer);

/// Servers of the zone above a cut that refer to the same nameservers.
struct ReferralGroup {
  std::set<config::DomainName> nameservers{};
  std::vector<const probe::ParentAnswer*> parents{};
};

[[nodiscard]] bool names_any(const std::vector<config::DomainName>& names,
                             const std::set<config::DomainName>& wanted);

/// By the nameservers that they name, in the order in which they stand.
[[nodiscard]] std::vector<ReferralGroup> referral_groups(const probe::ZoneCut& cut);

/// The server at this address; null when it is none of the leg's.
[[nodiscard]] const ServerAnswer* answer_at(const LegAnswers& leg, const config::ServerAddress& address);

/// What a resolver gets for the leg's name that asks this server of the zone above cut number `at`; empty
/// when not known.
[[nodiscard]] std::set<std::string> answers_from(const LegAnswers& leg, std::size_t at,
                                                 const probe::ParentAnswer& parent);

/// What is answered for the leg's name by way of these nameservers of cut number `at`, beside those of which
/// `cut_knowledge` says that they do not know the cut; empty when not known.
[[nodiscard]] std::set<std::string> answers_behind(const LegAnswers& leg, std::size_t at,
                                                   const std::set<config::DomainName>& nameservers);

/// Whether the servers of a leg differ because the zone above refers to different sets, each alike in itself,
/// or because some of them are servers of a zone above that do not know of the zone below.
[[nodiscard]] bool parents_explain_difference(const LegAnswers& leg);

/// Whether that holds wherever the servers of a name of the chain differ.
[[nodiscard]] bool parents_explain_differences(const ChainAnswers& answers);

/// Servers of the zone above by what they know of a cut: they lead to the zone below or serve it themselves,
/// or have no cut where these have one.
struct CutKnowledge {
  std::vector<const probe::ParentAnswer*> with{};
  std::vector<const probe::ParentAnswer*> without{};
};

[[nodiscard]] CutKnowledge cut_knowledge(const LegAnswers& leg, std::size_t at);

/// Whether the zone as it is answered here names servers at addresses alone that the public cannot reach,
/// while its parent names others: the view that a network has of its own zone.
[[nodiscard]] bool is_internal_view(const LegAnswers& leg);
[[nodiscard]] bool is_internal_view(const ChainAnswers& answers);

/// Whether nothing could be sent to any server, neither on the way to the name nor there.
[[nodiscard]] bool has_no_network(const LegAnswers& leg);

/// Whether a server of the zone above was asked at none of its addresses.
[[nodiscard]] bool is_not_all_asked(const probe::ZoneCut& cut);
/// A sentence for each zone above of which that holds.
[[nodiscard]] std::vector<std::string> unasked_parents(const std::vector<probe::Delegation>& delegations);

}  // namespace dkimprobe::checks
