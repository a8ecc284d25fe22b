// Whether enough servers answered for a verdict.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/delegation_facts.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/rules/zone_faults.hpp"

namespace dkimprobe::checks {
namespace {

/// The servers of a name that this machine can reach.
struct Quorum {
  std::size_t wanted = 0;
  std::size_t answered = 0;
  std::vector<ServerId> silent{};

  [[nodiscard]] bool is_reached() const { return answered > 0 && 2 * answered >= wanted; }
};

Quorum count_servers(const HopAnswers& hop) {
  Quorum quorum;
  for (const ServerAnswer& answer : own_servers(hop)) {
    const bool answered = answer.whole() != nullptr || says_name_too_long(answer);
    if (answered) ++quorum.answered;
    const probe::NotAsked reason = answer.server->not_asked;
    if (reason == probe::NotAsked::no_route || reason == probe::NotAsked::family_disabled) continue;
    ++quorum.wanted;
    if (!answered) quorum.silent.push_back(answer.id);
  }
  return quorum;
}

/// Whether other checks report why the name has no answer.
bool is_explained(const HopAnswers& hop) {
  const auto outcome = hop.hop->delegation.outcome;
  const bool search_ended =
      outcome == probe::DiscoveryOutcome::loop || outcome == probe::DiscoveryOutcome::budget_exhausted;
  return fails_everywhere(hop) || (hop.servers.empty() && search_ended);
}

std::string no_route_remedy(const HopAnswers& hop) {
  std::set<config::Family> families;
  for (const ServerAnswer& answer : hop.servers) {
    if (answer.server->not_asked == probe::NotAsked::no_route) families.insert(answer.id.address.ip.family());
  }
  if (families.size() != 1) {
    return "Check that this machine's network is up, and that the servers' address family (IPv4 or IPv6) is "
           "available and enabled.";
  }
  return fmt::format(
      "This machine has no {0}, and the servers of the zone {1} have only {0} addresses. Probe from a "
      "machine that has {0}.",
      *families.begin() == config::Family::ipv6 ? "IPv6" : "IPv4", zone_text(hop));
}

Finding lack_of_answers(const HopAnswers& hop, const Quorum& quorum) {
  const std::string owner = hop.hop->owner.to_string();
  if (has_no_network(hop)) {
    return {.detail = fmt::format("this machine has no network: it has no route to any server needed for {}",
                                  owner),
            .remedy = "Bring up the network of this machine, then probe again."};
  }
  if (hop.servers.empty()) {
    const std::string zone = hop.hop->delegation.stopped_at.to_string();
    return {.detail = fmt::format("no server could be queried for {}: the search for its nameservers got no "
                                  "answer from the servers of {}",
                                  owner, zone),
            .remedy = fmt::format(
                "Check that this machine can reach the network and that the servers of {} answer.", zone)};
  }
  if (quorum.wanted == 0) {
    return {.detail = fmt::format("this machine cannot query any of the servers for {}: it has no route to "
                                  "them, or their address family is disabled",
                                  owner),
            .remedy = no_route_remedy(hop)};
  }
  const bool sends_on =
      std::ranges::any_of(hop.servers, [&](const ServerAnswer& answer) { return refers_down(answer, hop); });
  return {.servers = quorum.silent,
          .detail = fmt::format("{} of {} servers gave a complete answer for {}, fewer than half",
                                quorum.answered, quorum.wanted, owner),
          .remedy = sends_on
                        ? "They refer to a zone below: pass the servers of that zone with --nameserver, "
                          "or omit the flag."
                        : fmt::format("See the findings for each server of {}, and probe again once they "
                                      "answer.",
                                      zone_text(hop))};
}

void find_quorum_unknown(const Evidence& evidence, Verdict& verdict) {
  if (evidence.answers.hops.empty()) return verdict.not_evaluated();
  for (const HopAnswers& hop : evidence.answers.hops) {
    const Quorum quorum = count_servers(hop);
    if (!quorum.is_reached() && !is_explained(hop)) verdict.found(lack_of_answers(hop, quorum));
  }
}

constexpr Check quorum_rows[] = {
    {.name = "quorum_unknown",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .summary = "too few servers answered for a reliable verdict",
     .effect = "not known: the verdict is based on too few servers",
     .remedy = "Make the servers answer, then probe again.",
     .example = {Example::behaviour, "One of four servers answered."},
     .find = find_quorum_unknown},
};

}  // namespace

std::span<const Check> quorum_checks() {
  return quorum_rows;
}

}  // namespace dkimprobe::checks
