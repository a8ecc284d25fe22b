// Faults of the zone cuts above a name: the delegations that the single servers of the parent zone return,
// and their DS records. The finding names the server that is behind, if the data shows which one is.
#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/delegation_facts.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/rules/zone_faults.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;
using probe::CutAnswer;
using probe::ParentAnswer;
using probe::Response;
using probe::ZoneCut;
using Parents = std::vector<const ParentAnswer*>;

ServerId id_of(const ParentAnswer& parent) {
  return {parent.names.empty() ? std::string{} : parent.names.front().to_string(), parent.address};
}

std::vector<ServerId> ids_of(const Parents& parents) {
  std::vector<ServerId> ids;
  for (const ParentAnswer* parent : parents) ids.push_back(id_of(*parent));
  return ids;
}

/// "ns1.example.com (192.0.2.1) at serial 5"
std::string parents_text(const Parents& parents) {
  return join_some(parents, [](const ParentAnswer* parent) {
    const std::string text = server_text(id_of(*parent));
    return parent->serial ? fmt::format("{} at serial {}", text, *parent->serial) : text;
  });
}

/// The root has no name that stands out in a sentence.
std::string name_of_zone(const DomainName& zone) {
  return zone.is_root() ? std::string("the root") : zone.to_string();
}

/// Whether all of `some` have an older version of their zone than all of `others` (RFC 1982).
bool is_behind(const Parents& some, const Parents& others) {
  return !some.empty() && !others.empty() && std::ranges::all_of(some, [&](const ParentAnswer* one) {
    return one->serial && std::ranges::all_of(others, [&](const ParentAnswer* other) {
             return other->serial && serial_is_newer(*other->serial, *one->serial);
           });
  });
}

std::string caveat(const ZoneCut& cut) {
  return is_not_all_asked(cut) ? fmt::format("; not all servers of {} were queried", name_of_zone(cut.parent))
                               : std::string();
}

std::string transfer_remedy(const Parents& parents, const ZoneCut& cut) {
  return fmt::format(
      "Make {} transfer the zone {} again: check its primary, NOTIFY, TSIG key and the log of the last "
      "transfer.",
      join_some(ids_of(parents), server_text), name_of_zone(cut.parent));
}

std::string settle_remedy(const ZoneCut& cut) {
  // The operator cannot inspect the zone of a registry.
  if (cut.parent.label_count() <= 1) {
    return fmt::format(
        "Ask the operator of {}, through the registrar, why its servers differ. Check at the registrar which "
        "nameservers {} should have.",
        name_of_zone(cut.parent), cut.apex.to_string());
  }
  return fmt::format("Find out which delegation of {} is correct, and publish it on every server of {}.",
                     cut.apex.to_string(), name_of_zone(cut.parent));
}

/// What is found at a cut for one name of the chain.
struct AtCut {
  Finding finding{};
  Severity severity = Severity::warning;
};

/// Reports what `judge(hop, index of the cut)` finds at each cut above a name of the chain. A cut above
/// several names is reported once, with its worst severity. Not evaluated when no parent server was queried
/// at any cut.
template <class Judge>
void find_at_cuts(const Evidence& evidence, Verdict& verdict, Judge judge) {
  std::vector<std::pair<DomainName, AtCut>> found;
  bool judged = false;
  for (const HopAnswers& hop : evidence.answers.hops) {
    const auto& cuts = hop.hop->delegation.cuts;
    for (std::size_t at = 0; at < cuts.size(); ++at) {
      const bool was_asked = std::ranges::any_of(
          cuts[at].parents, [](const ParentAnswer& parent) { return parent.answer != CutAnswer::not_asked; });
      if (!was_asked) continue;
      judged = true;
      std::optional<AtCut> here = judge(hop, at);
      if (!here) continue;
      const auto known = std::ranges::find(found, cuts[at].apex, &std::pair<DomainName, AtCut>::first);
      if (known == found.end()) {
        found.emplace_back(cuts[at].apex, *std::move(here));
      } else if (known->second.severity < here->severity) {
        known->second = *std::move(here);
      }
    }
  }
  for (auto& [apex, here] : found) verdict.found(std::move(here.finding), here.severity);
  if (!judged) verdict.not_evaluated();
}

// ---- Different delegations ----

bool lead_to_different_answers(const std::vector<ReferralGroup>& groups) {
  return std::ranges::any_of(
      groups, [&](const ReferralGroup& group) { return group.answers != groups.front().answers; });
}

/// Whether `holds` is true for each server of the last zone that has one of these names; false without any.
template <class Holds>
bool holds_for_all_named(const HopAnswers& hop, const std::set<DomainName>& names, Holds holds) {
  bool any = false;
  for (const ServerAnswer& answer : hop.servers) {
    if (answer.is_stray() || !names_any(answer.server->names, names)) continue;
    if (!holds(answer)) return false;
    any = true;
  }
  return any;
}

/// Whether every server that the group refers to has an older copy of the zone than another server of the
/// same primary.
bool leads_to_old(const HopAnswers& hop, const ReferralGroup& group) {
  return holds_for_all_named(hop, group.nameservers, [&](const ServerAnswer& answer) {
    return newest_serial(hop, answer) != nullptr;
  });
}

/// Whether no server that only this group refers to answers for the name.
bool leads_nowhere(const HopAnswers& hop, const std::vector<ReferralGroup>& groups,
                   const ReferralGroup& group) {
  std::set<DomainName> own = group.nameservers;
  for (const auto& other : groups) {
    if (&other == &group) continue;
    for (const DomainName& name : other.nameservers) own.erase(name);
  }
  return holds_for_all_named(hop, own, [](const ServerAnswer& answer) { return answer.whole() == nullptr; });
}

/// Parent servers that a finding about a difference names.
struct Differing {
  Parents servers{};
  bool are_behind = false;  ///< shown by their own serials
};

void append(Parents& all, const Parents& more) {
  all.insert(all.end(), more.begin(), more.end());
}

/// The parents of all groups except this one.
Parents other_parents(const std::vector<ReferralGroup>& groups, const ReferralGroup& group) {
  Parents others;
  for (const auto& other : groups) {
    if (&other != &group) append(others, other.parents);
  }
  return others;
}

/// The servers that are behind or point to useless servers; else those outside a clear majority; else all.
Differing who_differs(const HopAnswers& hop, std::size_t at, const std::vector<ReferralGroup>& groups) {
  const bool is_last = at + 1 == hop.hop->delegation.cuts.size();
  Parents behind;
  Parents wrong;
  Parents all;
  for (const auto& group : groups) {
    if (is_behind(group.parents, other_parents(groups, group))) append(behind, group.parents);
    if (is_last && (leads_to_old(hop, group) || leads_nowhere(hop, groups, group)))
      append(wrong, group.parents);
    append(all, group.parents);
  }
  if (!behind.empty()) return {behind, true};
  if (!wrong.empty() && wrong.size() < all.size()) return {wrong, false};
  const auto largest =
      std::ranges::max_element(groups, {}, [](const ReferralGroup& group) { return group.parents.size(); });
  const bool is_majority = largest->parents.size() * 3 > all.size() * 2;
  return {is_majority ? other_parents(groups, *largest) : all, false};
}

void find_delegation_differs(const Evidence& evidence, Verdict& verdict) {
  find_at_cuts(evidence, verdict, [](const HopAnswers& hop, std::size_t at) -> std::optional<AtCut> {
    const ZoneCut& cut = hop.hop->delegation.cuts[at];
    const auto& groups = hop.cuts[at].groups;
    if (groups.size() < 2) return std::nullopt;
    std::vector<std::string> parts;
    for (const auto& group : groups) {
      parts.push_back(fmt::format("{} to {}", parents_text(group.parents),
                                  join_some(group.nameservers, &DomainName::to_string)));
    }
    const bool differ = lead_to_different_answers(groups);
    const Differing differing = who_differs(hop, at, groups);
    return AtCut{
        {.servers = ids_of(differing.servers),
         .detail = fmt::format("the servers of {} refer to different nameservers for {}: {}; {} for {}{}",
                               name_of_zone(cut.parent), cut.apex.to_string(), fmt::join(parts, "; "),
                               differ ? "these return different answers" : "these return the same answer",
                               hop.hop->owner.to_string(), caveat(cut)),
         .remedy = differing.are_behind ? transfer_remedy(differing.servers, cut) : settle_remedy(cut)},
        differ ? Severity::critical : Severity::warning};
  });
}

// ---- A cut that is missing ----

std::string answer_text(const ParentAnswer& parent) {
  switch (parent.answer) {
    case CutAnswer::denied:
      return "denies that it exists";
    case CutAnswer::serves_it:
      return "answers for it directly";
    case CutAnswer::no_cut:
    case CutAnswer::refers:
    case CutAnswer::useless:
    case CutAnswer::silent:
    case CutAnswer::not_asked:
      break;
  }
  return "has no delegation for it";
}

/// Whether a server without the cut gives an answer that cannot be reached through the servers with it.
bool answer_otherwise(const ZoneCut& cut, const CutFacts& facts) {
  AnswerIds delegated;
  AnswerIds beside;
  for (std::size_t i = 0; i < cut.parents.size(); ++i) {
    const AnswerIds& given = facts.answers[i];
    if (std::ranges::find(facts.with, &cut.parents[i]) != facts.with.end()) {
      delegated.insert(given.begin(), given.end());
    } else if (std::ranges::find(facts.without, &cut.parents[i]) != facts.without.end()) {
      beside.insert(given.begin(), given.end());
    }
  }
  return !delegated.empty() && !std::ranges::includes(delegated, beside);
}

std::optional<AtCut> missing_cut(const HopAnswers& hop, std::size_t at) {
  const ZoneCut& cut = hop.hop->delegation.cuts[at];
  const Parents& leading = hop.cuts[at].with;
  const Parents& missing = hop.cuts[at].without;
  if (missing.empty()) return std::nullopt;
  const bool differs = answer_otherwise(cut, hop.cuts[at]);
  std::vector<std::string> parts;
  for (const ParentAnswer* parent : missing) {
    parts.push_back(fmt::format("{} {}", parents_text({parent}), answer_text(*parent)));
    const ServerAnswer* const own = answer_at(hop, parent->address);
    if (own != nullptr && own->whole() != nullptr)
      parts.back() += fmt::format(" (for {}: {})", hop.hop->owner.to_string(), describe(*own));
  }
  const bool others_are_behind = is_behind(leading, missing);
  const bool is_known = others_are_behind || is_behind(missing, leading);
  const Parents& behind = others_are_behind ? leading : missing;
  return AtCut{{.servers = ids_of(behind),
                .detail = fmt::format("{} is a separate zone according to {}; {}; {}{}", cut.apex.to_string(),
                                      parents_text(leading), join_some(parts),
                                      differs ? "a resolver that asks there gets a different answer"
                                              : "no different answer for the record was seen there",
                                      caveat(cut)),
                .remedy = is_known ? transfer_remedy(behind, cut) : settle_remedy(cut)},
               differs ? Severity::critical : Severity::warning};
}

/// The zone below to which a server refers; null without a referral.
const DomainName* referred_zone(const ServerAnswer& answer) {
  for (const TransportAttempts* attempts : answer.all()) {
    const Response* const response = attempts->response();
    if (response != nullptr && !response->referral.empty()) return &response->referral.front().owner;
  }
  return nullptr;
}

/// Reports servers of one zone of which some answer for the name and others refer to a child zone that
/// contains it.
void find_unknown_cut(Verdict& verdict, const HopAnswers& hop) {
  std::vector<ServerId> referring;
  std::vector<ServerId> answering;
  const DomainName* below = nullptr;
  for (const ServerAnswer& answer : own_servers(hop)) {
    if (answer.whole() != nullptr) answering.push_back(answer.id);
    if (!refers_down(answer, hop)) continue;
    referring.push_back(answer.id);
    if (below == nullptr) below = referred_zone(answer);
  }
  if (referring.empty() || answering.empty()) return;
  const std::string apex = below->to_string();
  verdict.found(
      {.servers = referring,
       .detail = fmt::format("{} refers to {}, a zone below {}, but {} answers for {} directly",
                             join_some(referring, server_text), apex, zone_text(hop),
                             join_some(answering, server_text), hop.hop->owner.to_string()),
       .remedy = fmt::format(
           "Find out whether {} should be a separate zone, and configure every server of {} accordingly.",
           apex, zone_text(hop))},
      Severity::warning);
}

void find_cut_missing(const Evidence& evidence, Verdict& verdict) {
  find_at_cuts(evidence, verdict, missing_cut);
  for (const HopAnswers& hop : evidence.answers.hops) find_unknown_cut(verdict, hop);
}

// ---- Signatures that the parent promises ----

bool shows_signatures(const Response& response) {
  return response.has_rrsig || response.signatures || response.nsec_ttl_seconds;
}

/// Whether the server's answers carry signatures; empty when none of them would show it. The wildcard probe
/// is sent with DO=1. A signed zone signs its denials as it signs its records (RFC 4035 section 3.1.3), so
/// the record itself need not be queried again.
std::optional<bool> is_signing(const probe::Delegation& delegation, const ServerAnswer& answer) {
  const auto is_conclusive = [](const Response& response) {
    return response.authoritative && !response.truncated &&
           (response.rcode == probe::Rcode::noerror || response.rcode == probe::Rcode::nxdomain);
  };
  std::optional<bool> is_signed;
  const Response* const wildcard_probe = answer.wildcard_probe.response();
  if (wildcard_probe != nullptr && answer.wildcard_probe.deciding->edns_sent &&
      is_conclusive(*wildcard_probe))
    is_signed = shows_signatures(*wildcard_probe);
  for (const auto& walked : delegation.exchanges) {
    if (walked.server != answer.id.address || walked.zone != delegation.zone || !walked.exchange.response)
      continue;
    const Response& response = *walked.exchange.response;
    if (!is_conclusive(response) || !response.edns || !response.edns->dnssec_ok) continue;
    is_signed = is_signed.value_or(false) || shows_signatures(response);
  }
  return is_signed;
}

/// Which servers of a zone return answers without signatures.
struct Signing {
  bool any_known = false;
  bool any_signs = false;
  std::vector<ServerId> without{};
};

Signing read_signing(const HopAnswers& hop) {
  Signing signing;
  for (const ServerAnswer& answer : own_servers(hop)) {
    const auto is_signed = is_signing(hop.hop->delegation, answer);
    if (!is_signed) continue;
    signing.any_known = true;
    signing.any_signs = signing.any_signs || *is_signed;
    if (!*is_signed) signing.without.push_back(answer.id);
  }
  return signing;
}

Finding ds_finding(const ZoneCut& cut, const std::string& zone, const Signing& signing) {
  const std::string parent = name_of_zone(cut.parent);
  if (!signing.any_signs) {
    return {.detail = fmt::format("{} has a DS record for {}, but the zone is not signed: every validating "
                                  "receiver gets SERVFAIL",
                                  parent, zone),
            .remedy = fmt::format(
                "Sign the zone {} with the key that the DS record identifies, or have the DS record removed "
                "from {} (through the registrar or the operator of that zone).",
                zone, parent)};
  }
  const std::string names = join_some(signing.without, server_text);
  return {.servers = signing.without,
          .detail = fmt::format("{} has a DS record for {}, but {} returns answers without signatures: every "
                                "validating receiver gets SERVFAIL when its resolver asks there",
                                parent, zone, names),
          .remedy = fmt::format("Load the signed zone {} on {}, or enable DNSSEC there.", zone, names)};
}

void find_ds_without_signatures(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  std::set<DomainName> reported;
  for (const HopAnswers& hop : evidence.answers.hops) {
    const probe::Delegation& delegation = hop.hop->delegation;
    if (const auto* const validation = validation_of(evidence, hop)) {
      judged = true;
      if (lacks_all_signatures(hop, *validation) && reported.insert(delegation.zone).second)
        verdict.found(ds_finding(delegation.cuts.back(), zone_text(hop), Signing{}));
      continue;
    }
    if (delegation.cuts.empty() || delegation.cuts.back().referrals.empty()) continue;
    const Signing signing = read_signing(hop);
    judged = judged || signing.any_known;
    const ZoneCut& cut = delegation.cuts.back();
    if (!signing.without.empty() && has_checked_ds(cut) && reported.insert(delegation.zone).second)
      verdict.found(ds_finding(cut, zone_text(hop), signing));
  }
  if (!judged) verdict.not_evaluated();
}

// ---- The view from inside ----

void find_internal_view(const Evidence& evidence, Verdict& verdict) {
  if (evidence.answers.hops.empty()) return verdict.not_evaluated();
  std::set<DomainName> reported;
  for (const HopAnswers& hop : evidence.answers.hops) {
    if (!is_internal_view(hop) || !reported.insert(hop.hop->delegation.zone).second) continue;
    std::vector<ServerId> inside;
    std::vector<ServerId> outside;
    for (const ServerAnswer& answer : own_servers(hop)) {
      const bool refused = answer.server->not_asked == probe::NotAsked::address_refused;
      (refused ? inside : outside).push_back(answer.id);
    }
    verdict.found(
        {.servers = inside,
         .detail = fmt::format(
             "seen from here, {} only lists servers with private addresses ({}), while its parent lists {}: "
             "this appears to be an internal view, so the public view is not known",
             zone_text(hop), join_some(inside, server_text), join_some(outside, server_text)),
         .remedy = fmt::format(
             "Probe from a machine outside this network; what is seen here requires no change in {}.",
             zone_text(hop))});
  }
}

constexpr auto cut_rows = rows_of(
    Scope::zone, Needs::all_servers,
    {{.name = "delegation_differs_between_parents",
      .severity = Severity::critical,
      .reference = "RFC 1034 section 4.2.2",
      .summary = "the parent zone's servers refer to different nameservers",
      .effect = "which servers a resolver asks depends on the parent server it asked; if the sets answer "
                "differently, some signatures fail",
      .remedy = "Publish the same delegation on every server of the parent zone.",
      .example = {Example::behaviour,
                  "One server of com refers to ns1 and ns2.example.net, another to ns1 and ns2.example.org."},
      .find = find_delegation_differs},
     {.name = "cut_missing_on_ns",
      .severity = Severity::critical,
      .reference = "RFC 1034 section 4.3.2",
      .summary = "a server of the parent zone lacks a delegation that the others have",
      .effect = "a resolver that asks it never reaches the zone that holds the key",
      .remedy = "Make the server that is behind transfer the parent zone again.",
      .example = {Example::behaviour,
                  "ns1.example.com refers to the zone _domainkey.example.com, but ns2 returns NXDOMAIN for "
                  "that name."},
      .find = find_cut_missing},
     {.name = "ds_without_signatures",
      .severity = Severity::critical,
      .reference = "RFC 4035 section 5.2",
      .summary = "the parent has a DS record, but a server returns answers without signatures",
      .effect = "every validating receiver gets SERVFAIL instead of the key",
      .remedy = "Sign the zone, or have the DS record removed from the parent.",
      .example = {Example::behaviour, "com has a DS record for example.com, which is not signed."},
      .find = find_ds_without_signatures},
     {.name = "view_internal",
      .severity = Severity::warning,
      .summary = "seen from here, the zone only lists private servers, while its parent lists public ones",
      .effect = "not known: the public view of the zone differs from the one seen here",
      .remedy = "Probe from a machine outside this network.",
      .example =
          {Example::behaviour,
           "Seen from here, example.com lists ns1.corp.example at 10.0.0.2; com lists ns1.example.net."},
      .find = find_internal_view}});

}  // namespace

std::span<const Check> cut_checks() {
  return cut_rows;
}

}  // namespace dkimprobe::checks
