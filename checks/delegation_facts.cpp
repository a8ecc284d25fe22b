#include "checks/delegation_facts.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace dkimprobe::checks {
namespace {

using config::DomainName;
using probe::CutAnswer;
using probe::NotAsked;
using probe::ParentAnswer;
using probe::ZoneCut;

using Parents = std::vector<const ParentAnswer*>;

/// Whether the server does not know that the zone is one: it denies with the SOA of a zone above.
bool answers_from_above(const ServerAnswer& answer, const DomainName& zone) {
  const probe::Response* const response = answer.soa.response();
  return response != nullptr && response->authoritative &&
         std::ranges::any_of(response->soa, [&](const probe::SoaRecord& soa) {
           return !soa.in_answer && soa.owner != zone && zone.is_at_or_below(soa.owner);
         });
}

/// Whether a server of the zone below cut number `at` has this address, and knows that zone.
bool serves_below(const LegAnswers& leg, std::size_t at, const config::ServerAddress& address) {
  const auto& cuts = leg.leg->delegation.cuts;
  if (at + 1 < cuts.size()) {
    const auto& below = cuts[at + 1].parents;
    const auto same = std::ranges::find(below, address, &ParentAnswer::address);
    // A denial has the SOA of the zone that it is from.
    return same != below.end() && (same->answer != CutAnswer::denied || same->serial);
  }
  return std::ranges::any_of(leg.servers, [&](const ServerAnswer& answer) {
    return !answer.is_stray() && answer.id.address == address && !answers_from_above(answer, cuts[at].apex);
  });
}

/// The nameservers that the zone itself names.
std::set<DomainName> named_by_zone(const LegAnswers& leg) {
  std::set<DomainName> names;
  for (const ServerAnswer& answer : leg.servers) {
    const probe::Response* const response = answer.ns.response();
    if (answer.is_stray() || response == nullptr || !response->authoritative) continue;
    for (const auto& record : response->ns) names.insert(record.target);
  }
  if (names.empty() && !leg.leg->delegation.cuts.empty()) {
    for (const auto& record : leg.leg->delegation.cuts.back().child_ns) names.insert(record.target);
  }
  return names;
}

bool share_a_name(const ParentAnswer& a, const ParentAnswer& b) {
  return std::ranges::any_of(
      a.names, [&](const DomainName& name) { return std::ranges::find(b.names, name) != b.names.end(); });
}

bool is_one_of(const Parents& servers, const config::ServerAddress& address) {
  return std::ranges::find(servers, address, &ParentAnswer::address) != servers.end();
}

/// Whether the servers of a leg differ, and would not without these.
bool differ_by(const LegAnswers& leg, const Parents& servers) {
  std::size_t left = 0;
  for (const AnswerGroup& group : leg.groups) {
    left += std::ranges::any_of(group.servers,
                                [&](const ServerId& server) { return !is_one_of(servers, server.address); });
  }
  return left == 1 && leg.groups.size() > 1;
}

bool was_refused(const LegAnswers& leg, const config::Address& ip) {
  return std::ranges::any_of(leg.servers, [&](const ServerAnswer& answer) {
    return answer.id.address.ip == ip && answer.server->not_asked == NotAsked::address_refused;
  });
}

/// Whether the zone's own word for the nameserver's address is a private one.
bool is_private(const LegAnswers& leg, const DomainName& name) {
  const auto& nameservers = leg.leg->delegation.nameservers;
  const auto known = std::ranges::find(nameservers, name, &probe::Nameserver::name);
  if (known == nameservers.end()) return false;
  const auto& addresses = known->addresses.empty() ? known->glue : known->addresses;
  return !addresses.empty() &&
         std::ranges::all_of(addresses, [&](const config::Address& ip) { return was_refused(leg, ip); });
}

}  // namespace

std::string answer_key(const ServerAnswer& answer) {
  if (answer.whole() == nullptr) return {};
  if (const auto alias = alias_target(*answer.whole())) return "alias " + alias->lower_case().to_string();
  const auto texts = sorted_texts(*answer.whole());
  if (texts.empty()) return "none";
  std::string key = "texts";
  for (const auto& text : texts) key += fmt::format(" {}:{}", text.size(), text);
  return key;
}

bool names_any(const std::vector<DomainName>& names, const std::set<DomainName>& wanted) {
  return std::ranges::any_of(names, [&](const DomainName& name) { return wanted.contains(name); });
}

std::vector<ReferralGroup> referral_groups(const ZoneCut& cut) {
  std::vector<ReferralGroup> groups;
  for (const ParentAnswer& parent : cut.parents) {
    if (parent.answer != CutAnswer::refers || !parent.referral) continue;
    std::set<DomainName> names;
    for (const auto& record : cut.referrals[*parent.referral].ns) names.insert(record.target);
    auto group = std::ranges::find(groups, names, &ReferralGroup::nameservers);
    if (group == groups.end()) group = groups.insert(groups.end(), ReferralGroup{std::move(names), {}});
    group->parents.push_back(&parent);
  }
  return groups;
}

const ServerAnswer* answer_at(const LegAnswers& leg, const config::ServerAddress& address) {
  const auto same =
      std::ranges::find(leg.servers, address, [](const ServerAnswer& answer) { return answer.id.address; });
  return same == leg.servers.end() ? nullptr : &*same;
}

std::set<std::string> answers_from(const LegAnswers& leg, std::size_t at, const ParentAnswer& parent) {
  const auto& cuts = leg.leg->delegation.cuts;
  if (parent.answer == CutAnswer::refers && parent.referral) {
    std::set<DomainName> nameservers;
    for (const auto& record : cuts[at].referrals[*parent.referral].ns) nameservers.insert(record.target);
    return answers_behind(leg, at, nameservers);
  }
  if (at + 1 < cuts.size() && serves_below(leg, at, parent.address)) {
    const auto& below = cuts[at + 1].parents;
    return answers_from(leg, at + 1, *std::ranges::find(below, parent.address, &ParentAnswer::address));
  }
  if (const ServerAnswer* const own = answer_at(leg, parent.address)) {
    if (auto key = answer_key(*own); !key.empty()) return {std::move(key)};
  }
  if (parent.answer == CutAnswer::denied) return {"none"};
  return {};
}

std::set<std::string> answers_behind(const LegAnswers& leg, std::size_t at,
                                     const std::set<DomainName>& nameservers) {
  std::set<std::string> answers;
  const auto& cuts = leg.leg->delegation.cuts;
  const Parents without = cut_knowledge(leg, at).without;
  if (at + 1 < cuts.size()) {
    for (const ParentAnswer& server : cuts[at + 1].parents) {
      if (names_any(server.names, nameservers) && !is_one_of(without, server.address))
        answers.merge(answers_from(leg, at + 1, server));
    }
    return answers;
  }
  for (const ServerAnswer& answer : leg.servers) {
    if (answer.is_stray() || !names_any(answer.server->names, nameservers) ||
        is_one_of(without, answer.id.address))
      continue;
    if (auto key = answer_key(answer); !key.empty()) answers.insert(std::move(key));
  }
  return answers;
}

bool parents_explain_difference(const LegAnswers& leg) {
  const auto& cuts = leg.leg->delegation.cuts;
  for (std::size_t at = 0; at < cuts.size(); ++at) {
    if (differ_by(leg, cut_knowledge(leg, at).without)) return true;
    const auto groups = referral_groups(cuts[at]);
    if (groups.size() < 2) continue;
    const bool alike_in_itself = std::ranges::all_of(groups, [&](const ReferralGroup& group) {
      return answers_behind(leg, at, group.nameservers).size() <= 1;
    });
    if (alike_in_itself) return true;
  }
  return false;
}

bool parents_explain_differences(const ChainAnswers& answers) {
  return std::ranges::any_of(answers.legs, parents_explain_difference) &&
         std::ranges::all_of(answers.legs, [](const LegAnswers& leg) {
           return leg.groups.size() < 2 || parents_explain_difference(leg);
         });
}

CutKnowledge cut_knowledge(const LegAnswers& leg, std::size_t at) {
  CutKnowledge knowledge;
  const auto above = at == 0 ? Parents{} : cut_knowledge(leg, at - 1).without;
  for (const ParentAnswer& parent : leg.leg->delegation.cuts[at].parents) {
    // What does not know the zone of the cut is told of there.
    if (is_one_of(above, parent.address)) continue;
    const bool has_none = parent.answer == CutAnswer::no_cut || parent.answer == CutAnswer::denied ||
                          parent.answer == CutAnswer::serves_it;
    // Parent and child on one server is as good as a referral.
    if (parent.answer == CutAnswer::refers || (has_none && serves_below(leg, at, parent.address))) {
      knowledge.with.push_back(&parent);
    } else if (has_none) {
      knowledge.without.push_back(&parent);
    }
  }
  if (knowledge.with.empty()) knowledge.without.clear();
  return knowledge;
}

bool is_internal_view(const LegAnswers& leg) {
  const auto named = named_by_zone(leg);
  const auto of_leg = [&](const DomainName& name) { return is_private(leg, name); };
  return !named.empty() && std::ranges::all_of(named, of_leg) &&
         std::ranges::any_of(leg.servers, [](const ServerAnswer& answer) {
           return !answer.is_stray() && answer.server->not_asked == NotAsked::asked;
         });
}

bool is_internal_view(const ChainAnswers& answers) {
  return std::ranges::any_of(answers.legs, [](const LegAnswers& leg) { return is_internal_view(leg); });
}

bool has_no_network(const LegAnswers& leg) {
  std::size_t tried = 0;
  const auto cannot = [&](const probe::Exchange& exchange) {
    ++tried;
    return exchange.outcome == probe::Outcome::no_route;
  };
  for (const auto& walked : leg.leg->delegation.exchanges) {
    if (!cannot(walked.exchange)) return false;
  }
  std::set<config::Family> families;
  for (const ServerAnswer& answer : leg.servers) {
    families.insert(answer.id.address.ip.family());
    if (answer.server->not_asked == probe::NotAsked::no_route) {
      ++tried;
      continue;
    }
    if (answer.server->not_asked != probe::NotAsked::asked) return false;
    if (!std::ranges::all_of(answer.server->exchanges, cannot)) return false;
  }
  // Servers of one family alone lack no more than that family.
  return tried > 0 && (families.empty() || families.size() == 2);
}

bool is_not_all_asked(const ZoneCut& cut) {
  const auto was_asked = [](const ParentAnswer& parent) { return parent.answer != CutAnswer::not_asked; };
  return std::ranges::any_of(cut.parents, [&](const ParentAnswer& left_out) {
    return !was_asked(left_out) && std::ranges::none_of(cut.parents, [&](const ParentAnswer& parent) {
      return was_asked(parent) && share_a_name(left_out, parent);
    });
  });
}

std::vector<std::string> unasked_parents(const std::vector<probe::Delegation>& delegations) {
  std::vector<std::string> sentences;
  for (const probe::Delegation& delegation : delegations) {
    for (const ZoneCut& cut : delegation.cuts) {
      if (!is_not_all_asked(cut)) continue;
      const auto asked = std::ranges::count_if(
          cut.parents, [](const ParentAnswer& parent) { return parent.answer != CutAnswer::not_asked; });
      auto sentence = fmt::format(
          "{} of {} addresses of {} were asked where {} begins: one that was left out may lead elsewhere.",
          asked, cut.parents.size(), cut.parent.is_root() ? "the root" : cut.parent.to_string(),
          cut.apex.to_string());
      if (std::ranges::find(sentences, sentence) == sentences.end()) sentences.push_back(std::move(sentence));
    }
  }
  return sentences;
}

}  // namespace dkimprobe::checks
