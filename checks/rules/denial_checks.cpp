// Names that exist but get NXDOMAIN: a resolver may conclude that nothing below them exists (RFC 8020).
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/rules/zone_faults.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;

/// A name above a hop's name that got NXDOMAIN.
struct Denial {
  DomainName name{};
  DomainName zone{};                ///< whose servers denied it
  std::vector<ServerId> servers{};  ///< that denied it, if they are known
};

/// The zone whose servers answer for the name: the deepest zone above it. For the apex of a zone and for
/// names above it, that is a parent zone.
DomainName zone_that_denies(const probe::Delegation& delegation, const DomainName& denied) {
  DomainName zone;
  for (const probe::ZoneCut& cut : delegation.cuts) {
    if (denied != cut.apex && denied.is_at_or_below(cut.apex)) zone = cut.apex;
  }
  return zone;
}

/// The server of the delegation walk, with its name if a parent zone lists it.
ServerId walked_server(const probe::Delegation& delegation, const config::ServerAddress& address) {
  ServerId id{{}, address};
  for (const probe::ZoneCut& cut : delegation.cuts) {
    const auto parent = std::ranges::find(cut.parents, address, &probe::ParentAnswer::address);
    if (parent != cut.parents.end() && !parent->names.empty()) id.name = parent->names.front().to_string();
  }
  return id;
}

/// The servers that denied the name during the delegation walk; none when an earlier walk got the denial.
std::vector<ServerId> denying_on_the_way(const probe::Delegation& delegation, const DomainName& denied) {
  std::vector<ServerId> servers;
  for (const auto& walked : delegation.exchanges) {
    const auto& response = walked.exchange.response;
    if (walked.exchange.question_name != denied || !response || response->rcode != probe::Rcode::nxdomain)
      continue;
    ServerId id = walked_server(delegation, walked.server);
    if (std::ranges::find(servers, id) == servers.end()) servers.push_back(std::move(id));
  }
  return servers;
}

bool has_record(const AnswerGroup& group) {
  return group.outcome == ServerOutcome::answered;
}

/// The denials by servers that have the record of the hop's name.
std::vector<Denial> denials_above(const HopAnswers& hop) {
  const probe::Delegation& delegation = hop.hop->delegation;
  std::vector<Denial> denials;
  for (const ServerAnswer& answer : own_servers(hop)) {
    if (answer.outcome != ServerOutcome::answered || answer.domainkey.outcome != ServerOutcome::nxdomain)
      continue;
    if (denials.empty()) denials.push_back({.zone = delegation.zone});
    denials.front().name = answer.domainkey.deciding->question_name;
    denials.front().servers.push_back(answer.id);
  }
  // A server that does not have the record either may deny the name.
  if (!std::ranges::all_of(hop.groups, has_record)) return denials;
  for (const DomainName& denied : delegation.denied) {
    if (denied == hop.hop->owner || !hop.hop->owner.is_at_or_below(denied)) continue;
    // A parent server without the delegation may deny the name: `cut_missing_on_ns` reports that.
    if (std::ranges::find(delegation.cuts, denied, &probe::ZoneCut::apex) != delegation.cuts.end()) continue;
    denials.push_back({denied, zone_that_denies(delegation, denied), denying_on_the_way(delegation, denied)});
  }
  return denials;
}

void find_ent_nxdomain(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  std::set<DomainName> reported;
  for (const HopAnswers& hop : evidence.answers.hops) {
    if (hop.answered() == 0) continue;
    judged = true;
    if (std::ranges::none_of(hop.groups, has_record)) continue;
    const bool is_signed = std::ranges::any_of(hop.servers, [](const ServerAnswer& answer) {
      return answer.whole() != nullptr && answer.whole()->has_rrsig;
    });
    for (const auto& [name, zone, servers] : denials_above(hop)) {
      if (!reported.insert(name).second) continue;
      verdict.found(
          {.servers = servers,
           .detail = fmt::format(
               "{} returned NXDOMAIN for {}, although the record {} exists below it",
               servers.empty() ? fmt::format("the servers of {}", zone.to_string()) : servers_text(servers),
               name.to_string(), hop.hop->owner.to_string()),
           .remedy = fmt::format("Make the servers of {} answer NOERROR for {}: update their software, or "
                                 "publish a TXT record with any text at that name.",
                                 zone.to_string(), name.to_string())},
          is_signed && zone == hop.hop->delegation.zone ? Severity::critical : Severity::warning);
    }
  }
  if (!judged) verdict.not_evaluated();
}

constexpr Check denial_rows[] = {
    {.name = "ent_nxdomain",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::critical,
     .reference = "RFC 8020 section 2",
     .summary = "a name above the selector gets NXDOMAIN although the selector exists",
     .effect = "resolvers that trust the NXDOMAIN never ask for the selector",
     .remedy = "Make the servers answer NOERROR for that name.",
     .example = {Example::behaviour,
                 "_domainkey.example.com gets NXDOMAIN, but s1._domainkey.example.com has a key."},
     .find = find_ent_nxdomain},
};

}  // namespace

std::span<const Check> denial_checks() {
  return denial_rows;
}

}  // namespace dkimprobe::checks
