#include "checks/answers/delegation_facts.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
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

/// The nameservers that the zone itself lists.
std::set<DomainName> named_by_zone(const HopAnswers& hop) {
  std::set<DomainName> names;
  for (const ServerAnswer& answer : hop.servers) {
    const probe::Response* const response = answer.ns.response();
    if (answer.is_stray() || response == nullptr || !response->authoritative) continue;
    for (const auto& record : response->ns) names.insert(record.target);
  }
  if (names.empty() && !hop.hop->delegation.cuts.empty()) {
    for (const auto& record : hop.hop->delegation.cuts.back().child_ns) names.insert(record.target);
  }
  return names;
}

bool share_a_name(const ParentAnswer& a, const ParentAnswer& b) {
  return std::ranges::any_of(
      a.names, [&](const DomainName& name) { return std::ranges::find(b.names, name) != b.names.end(); });
}

/// Whether the servers of a hop differ, and would agree without `servers`.
bool differ_by(const HopAnswers& hop, const Parents& servers) {
  std::size_t left = 0;
  for (const AnswerGroup& group : hop.groups) {
    left += std::ranges::any_of(group.servers, [&](const ServerId& server) {
      return std::ranges::find(servers, server.address, &ParentAnswer::address) == servers.end();
    });
  }
  return left == 1 && hop.groups.size() > 1;
}

bool was_refused(const HopAnswers& hop, const config::Address& ip) {
  return std::ranges::any_of(hop.servers, [&](const ServerAnswer& answer) {
    return answer.id.address.ip == ip && answer.server->not_asked == NotAsked::address_refused;
  });
}

/// Whether the zone itself gives only private addresses for the nameserver.
bool is_private(const HopAnswers& hop, const DomainName& name) {
  const auto& nameservers = hop.hop->delegation.nameservers;
  const auto known = std::ranges::find(nameservers, name, &probe::Nameserver::name);
  if (known == nameservers.end()) return false;
  const auto& addresses = known->addresses.empty() ? known->glue : known->addresses;
  return !addresses.empty() &&
         std::ranges::all_of(addresses, [&](const config::Address& ip) { return was_refused(hop, ip); });
}

/// Algorithms and digests that receivers check; a zone that only has DS records of others counts as unsigned
/// (RFC 4035 section 5.2).
bool is_checked(const probe::DsRecord& ds) {
  static constexpr std::array<std::uint8_t, 8> algorithms = {5, 7, 8, 10, 13, 14, 15, 16};
  static constexpr std::array<std::uint8_t, 3> digests = {1, 2, 4};
  return std::ranges::find(algorithms, ds.algorithm) != algorithms.end() &&
         std::ranges::find(digests, ds.digest_type) != digests.end();
}

}  // namespace

bool has_checked_ds(const ZoneCut& cut) {
  return std::ranges::any_of(cut.referrals, [](const probe::Referral& referral) {
    return std::ranges::any_of(referral.ds, is_checked);
  });
}

const ServerAnswer* answer_at(const HopAnswers& hop, const config::ServerAddress& address) {
  const auto same =
      std::ranges::find(hop.servers, address, [](const ServerAnswer& answer) { return answer.id.address; });
  return same == hop.servers.end() ? nullptr : &*same;
}

bool parents_explain_difference(const HopAnswers& hop) {
  return std::ranges::any_of(hop.cuts, [&](const CutFacts& cut) {
    return differ_by(hop, cut.without) ||
           (cut.groups.size() > 1 && std::ranges::all_of(cut.groups, [](const ReferralGroup& group) {
              return group.answers.size() <= 1;
            }));
  });
}

bool parents_explain_differences(const ChainAnswers& answers) {
  return std::ranges::any_of(answers.hops, parents_explain_difference) &&
         std::ranges::all_of(answers.hops, [](const HopAnswers& hop) {
           return hop.groups.size() < 2 || parents_explain_difference(hop);
         });
}

bool is_internal_view(const HopAnswers& hop) {
  const auto named = named_by_zone(hop);
  const auto of_hop = [&](const DomainName& name) { return is_private(hop, name); };
  return !named.empty() && std::ranges::all_of(named, of_hop) &&
         std::ranges::any_of(hop.servers, [](const ServerAnswer& answer) {
           return !answer.is_stray() && answer.server->not_asked == NotAsked::asked;
         });
}

bool is_internal_view(const ChainAnswers& answers) {
  return std::ranges::any_of(answers.hops, [](const HopAnswers& hop) { return is_internal_view(hop); });
}

bool has_no_network(const HopAnswers& hop) {
  std::size_t tried = 0;
  const auto cannot = [&](const probe::Exchange& exchange) {
    ++tried;
    return exchange.outcome == probe::Outcome::no_route;
  };
  for (const auto& walked : hop.hop->delegation.exchanges) {
    if (!cannot(walked.exchange)) return false;
  }
  std::set<config::Family> families;
  for (const ServerAnswer& answer : hop.servers) {
    families.insert(answer.id.address.ip.family());
    if (answer.server->not_asked == probe::NotAsked::no_route) {
      ++tried;
      continue;
    }
    if (answer.server->not_asked != probe::NotAsked::asked) return false;
    if (!std::ranges::all_of(answer.server->exchanges, cannot)) return false;
  }
  // If all servers have one family, this machine may only lack that family.
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

std::vector<config::EscapedText> unasked_parents(const std::vector<probe::Delegation>& delegations) {
  std::vector<config::EscapedText> sentences;
  for (const probe::Delegation& delegation : delegations) {
    for (const ZoneCut& cut : delegation.cuts) {
      if (!is_not_all_asked(cut)) continue;
      const auto asked = std::ranges::count_if(
          cut.parents, [](const ParentAnswer& parent) { return parent.answer != CutAnswer::not_asked; });
      config::EscapedText sentence = fmt::format(
          "{} of {} addresses of {} were asked for the delegation of {}; the others may give a different "
          "one.",
          asked, cut.parents.size(), cut.parent.is_root() ? "the root" : cut.parent.to_string(),
          cut.apex.to_string());
      if (std::ranges::find(sentences, sentence) == sentences.end()) sentences.push_back(std::move(sentence));
    }
  }
  return sentences;
}

}  // namespace dkimprobe::checks
