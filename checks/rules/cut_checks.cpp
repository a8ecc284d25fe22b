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
#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"

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

/// "ns1.example.com (192.0.2.1), serial 5"
std::string parents_text(const Parents& parents) {
  std::vector<std::string> texts;
  for (const ParentAnswer* parent : parents) {
    texts.push_back(server_text(id_of(*parent)));
    if (parent->serial) texts.back() += fmt::format(" at serial {}", *parent->serial);
  }
  return join_some(texts);
}

std::string names_text(const Parents& parents) {
  std::vector<std::string> texts;
  for (const ParentAnswer* parent : parents) texts.push_back(server_text(id_of(*parent)));
  return join_some(texts);
}

std::string nameservers_text(const std::set<DomainName>& nameservers) {
  std::vector<std::string> names;
  for (const DomainName& name : nameservers) names.push_back(name.to_string());
  return join_some(names);
}

std::string zone_text(const DomainName& zone) {
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
  return is_not_all_asked(cut) ? fmt::format("; not all servers of {} were queried", zone_text(cut.parent))
                               : std::string();
}

std::string transfer_remedy(const Parents& parents, const ZoneCut& cut) {
  return fmt::format(
      "Make {} transfer the zone {} again: check its primary, NOTIFY, TSIG key and the log of the last "
      "transfer.",
      names_text(parents), zone_text(cut.parent));
}

std::string settle_remedy(const ZoneCut& cut) {
  // The operator cannot inspect the zone of a registry.
  if (cut.parent.label_count() <= 1) {
    return fmt::format(
        "Ask the operator of {}, through the registrar, why its servers differ. Check at the registrar which "
        "nameservers {} should have.",
        zone_text(cut.parent), cut.apex.to_string());
  }
  return fmt::format("Find out which delegation of {} is correct, and publish it on every server of {}.",
                     cut.apex.to_string(), zone_text(cut.parent));
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

/// The servers that are behind or point to useless servers; else those outside a clear majority; else all.
Differing who_differs(const HopAnswers& hop, std::size_t at, const std::vector<ReferralGroup>& groups) {
  const bool is_last = at + 1 == hop.hop->delegation.cuts.size();
  Parents behind;
  Parents wrong;
  Parents all;
  Parents largest;
  for (const auto& group : groups) {
    Parents others;
    for (const auto& other : groups) {
      if (&other != &group) others.insert(others.end(), other.parents.begin(), other.parents.end());
    }
    if (is_behind(group.parents, others))
      behind.insert(behind.end(), group.parents.begin(), group.parents.end());
    if (is_last && (leads_to_old(hop, group) || leads_nowhere(hop, groups, group)))
      wrong.insert(wrong.end(), group.parents.begin(), group.parents.end());
    all.insert(all.end(), group.parents.begin(), group.parents.end());
    if (group.parents.size() > largest.size()) largest = group.parents;
  }
  if (!behind.empty()) return {behind, true};
  if (!wrong.empty() && wrong.size() < all.size()) return {wrong, false};
  if (largest.size() * 3 > all.size() * 2)
    std::erase_if(all,
                  [&](const ParentAnswer* one) { return std::ranges::find(largest, one) != largest.end(); });
  return {all, false};
}

void find_delegation_differs(const Evidence& evidence, Verdict& verdict) {
  find_at_cuts(evidence, verdict, [](const HopAnswers& hop, std::size_t at) -> std::optional<AtCut> {
    const ZoneCut& cut = hop.hop->delegation.cuts[at];
    const auto& groups = hop.cuts[at].groups;
    if (groups.size() < 2) return std::nullopt;
    std::vector<std::string> parts;
    for (const auto& group : groups) {
      parts.push_back(
          fmt::format("{} to {}", parents_text(group.parents), nameservers_text(group.nameservers)));
    }
    const bool differ = lead_to_different_answers(groups);
    const Differing differing = who_differs(hop, at, groups);
    Finding finding;
    finding.servers = ids_of(differing.servers);
    finding.detail = fmt::format("the servers of {} refer to different nameservers for {}: {}; {} for {}{}",
                                 zone_text(cut.parent), cut.apex.to_string(), fmt::join(parts, "; "),
                                 differ ? "these return different answers" : "these return the same answer",
                                 hop.hop->owner.to_string(), caveat(cut));
    finding.remedy = differing.are_behind ? transfer_remedy(differing.servers, cut) : settle_remedy(cut);
    return AtCut{std::move(finding), differ ? Severity::critical : Severity::warning};
  });
}

// ---- A cut that is missing ----

std::string says_text(const ParentAnswer& parent) {
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
    parts.push_back(fmt::format("{} {}", parents_text({parent}), says_text(*parent)));
    const ServerAnswer* const own = answer_at(hop, parent->address);
    if (own != nullptr && own->whole() != nullptr)
      parts.back() += fmt::format(" (for {}: {})", hop.hop->owner.to_string(), describe(*own));
  }
  const bool others_are_behind = is_behind(leading, missing);
  const bool told = others_are_behind || is_behind(missing, leading);
  Finding finding;
  finding.servers = ids_of(others_are_behind ? leading : missing);
  finding.detail = fmt::format("{} is a separate zone according to {}; {}; {}{}", cut.apex.to_string(),
                               parents_text(leading), join_some(parts),
                               differs ? "a resolver that asks there gets a different answer"
                                       : "no different answer for the record was seen there",
                               caveat(cut));
  finding.remedy = told ? transfer_remedy(others_are_behind ? leading : missing, cut) : settle_remedy(cut);
  return AtCut{std::move(finding), differs ? Severity::critical : Severity::warning};
}

/// Reports servers of one zone of which some answer for the name and others refer to a child zone that
/// contains it.
void tell_unknown_cut(Verdict& verdict, const HopAnswers& hop) {
  std::vector<ServerId> referring;
  std::vector<std::string> answering;
  const Response* referral = nullptr;
  for (const ServerAnswer& answer : hop.servers) {
    if (answer.is_stray()) continue;
    if (answer.whole() != nullptr) answering.push_back(server_text(answer.id));
    if (!refers_down(answer, hop)) continue;
    referring.push_back(answer.id);
    for (const TransportAttempts* attempts : answer.all()) {
      if (referral == nullptr && attempts->response() != nullptr && !attempts->response()->referral.empty())
        referral = attempts->response();
    }
  }
  if (referring.empty() || answering.empty()) return;
  std::vector<std::string> names;
  for (const ServerId& server : referring) names.push_back(server_text(server));
  const std::string apex = referral->referral.front().owner.to_string();
  const std::string zone = hop.hop->delegation.zone.to_string();
  Finding finding;
  finding.servers = std::move(referring);
  finding.detail =
      fmt::format("{} refers to {}, a zone below {}, but {} answers for {} directly", join_some(names), apex,
                  zone, join_some(answering), hop.hop->owner.to_string());
  finding.remedy = fmt::format(
      "Find out whether {} should be a separate zone, and configure every server of {} accordingly.", apex,
      zone);
  verdict.found(std::move(finding), Severity::warning);
}

void find_cut_missing(const Evidence& evidence, Verdict& verdict) {
  find_at_cuts(evidence, verdict, missing_cut);
  for (const HopAnswers& hop : evidence.answers.hops) tell_unknown_cut(verdict, hop);
}

// ---- Signatures that the parent promises ----

/// Algorithms and digests that receivers check; a zone that only has DS records of others counts as unsigned
/// (RFC 4035 section 5.2).
bool is_checked(const probe::DsRecord& ds) {
  static constexpr std::array<std::uint8_t, 8> algorithms = {5, 7, 8, 10, 13, 14, 15, 16};
  static constexpr std::array<std::uint8_t, 3> digests = {1, 2, 4};
  return std::ranges::find(algorithms, ds.algorithm) != algorithms.end() &&
         std::ranges::find(digests, ds.digest_type) != digests.end();
}

bool has_checked_ds(const ZoneCut& cut) {
  return std::ranges::any_of(cut.referrals, [](const probe::Referral& referral) {
    return std::ranges::any_of(referral.ds, is_checked);
  });
}

bool shows_signatures(const Response& response) {
  return response.has_rrsig || response.signatures || response.nsec_ttl_seconds;
}

/// Whether the server's answers carry signatures; empty when none of them would show it. The wildcard probe
/// is sent with DO=1. A signed zone signs its denials as it signs its records (RFC 4035 section 3.1.3), so
/// the record itself need not be queried again.
std::optional<bool> is_signing(const probe::Delegation& delegation, const ServerAnswer& answer) {
  const auto tells = [](const Response& response) {
    return response.authoritative && !response.truncated &&
           (response.rcode == probe::Rcode::noerror || response.rcode == probe::Rcode::nxdomain);
  };
  std::optional<bool> is_signed;
  const Response* const wildcard_probe = answer.wildcard_probe.response();
  if (wildcard_probe != nullptr && answer.wildcard_probe.deciding->edns_sent && tells(*wildcard_probe))
    is_signed = shows_signatures(*wildcard_probe);
  for (const auto& walked : delegation.exchanges) {
    if (walked.server != answer.id.address || walked.zone != delegation.zone || !walked.exchange.response)
      continue;
    const Response& response = *walked.exchange.response;
    if (!tells(response) || !response.edns || !response.edns->dnssec_ok) continue;
    is_signed = is_signed.value_or(false) || shows_signatures(response);
  }
  return is_signed;
}

void find_ds_without_signatures(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  std::set<DomainName> seen;
  for (const HopAnswers& hop : evidence.answers.hops) {
    const probe::Delegation& delegation = hop.hop->delegation;
    if (delegation.cuts.empty() || delegation.cuts.back().referrals.empty()) continue;
    const ZoneCut& cut = delegation.cuts.back();
    std::vector<ServerId> without;
    bool any_signs = false;
    for (const ServerAnswer& answer : hop.servers) {
      if (answer.is_stray()) continue;
      const auto is_signed = is_signing(delegation, answer);
      if (!is_signed) continue;
      judged = true;
      any_signs = any_signs || *is_signed;
      if (!*is_signed) without.push_back(answer.id);
    }
    if (without.empty() || !has_checked_ds(cut) || !seen.insert(delegation.zone).second) continue;
    std::vector<std::string> names;
    for (const ServerId& server : without) names.push_back(server_text(server));
    Finding finding;
    finding.detail = fmt::format(
        "{} has a DS record for {}, but {}: every validating receiver gets SERVFAIL{}", zone_text(cut.parent),
        delegation.zone.to_string(),
        any_signs ? join_some(names) + " returns answers without signatures" : "the zone is not signed",
        any_signs ? " when its resolver asks there" : "");
    finding.remedy = any_signs
                         ? fmt::format("Load the signed zone {} on {}, or enable DNSSEC there.",
                                       delegation.zone.to_string(), join_some(names))
                         : fmt::format(
                               "Sign the zone {} with the key that the DS record identifies, or have the DS "
                               "record removed from {} (through the registrar or the operator of that zone).",
                               delegation.zone.to_string(), zone_text(cut.parent));
    if (any_signs) finding.servers = std::move(without);
    verdict.found(std::move(finding));
  }
  if (!judged) verdict.not_evaluated();
}

// ---- The view from inside ----

void find_internal_view(const Evidence& evidence, Verdict& verdict) {
  if (evidence.answers.hops.empty()) return verdict.not_evaluated();
  std::set<DomainName> seen;
  for (const HopAnswers& hop : evidence.answers.hops) {
    if (!is_internal_view(hop) || !seen.insert(hop.hop->delegation.zone).second) continue;
    std::vector<std::string> inside;
    std::vector<std::string> outside;
    Finding finding;
    for (const ServerAnswer& answer : hop.servers) {
      if (answer.is_stray()) continue;
      const bool refused = answer.server->not_asked == probe::NotAsked::address_refused;
      (refused ? inside : outside).push_back(server_text(answer.id));
      if (refused) finding.servers.push_back(answer.id);
    }
    const std::string zone = hop.hop->delegation.zone.to_string();
    finding.detail = fmt::format(
        "seen from here, {} only lists servers with private addresses ({}), while its parent lists {}: this "
        "appears to be an internal view, so the public view is not known",
        zone, join_some(inside), join_some(outside));
    finding.remedy = fmt::format(
        "Probe from a machine outside this network; what is seen here requires no change in {}.", zone);
    verdict.found(std::move(finding));
  }
}

constexpr Check cut_rows[] = {
    {.name = "delegation_differs_between_parents",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
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
     .scope = Scope::zone,
     .needs = Needs::all_servers,
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
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::critical,
     .reference = "RFC 4035 section 5.2",
     .summary = "the parent has a DS record, but a server returns answers without signatures",
     .effect = "every validating receiver gets SERVFAIL instead of the key",
     .remedy = "Sign the zone, or have the DS record removed from the parent.",
     .example = {Example::behaviour, "com has a DS record for example.com, which is not signed."},
     .find = find_ds_without_signatures},
    {.name = "view_internal",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .summary = "seen from here, the zone only lists private servers, while its parent lists public ones",
     .effect = "not known: the public view of the zone differs from the one seen here",
     .remedy = "Probe from a machine outside this network.",
     .example =
         {Example::behaviour,
          "Seen from here, example.com lists ns1.corp.example at 10.0.0.2; com lists ns1.example.net."},
     .find = find_internal_view},
};

}  // namespace

std::span<const Check> cut_checks() {
  return cut_rows;
}

}  // namespace dkimprobe::checks
