// Whether the nameservers themselves were heard at all. Where something between answers for them, nothing
// that was seen is what the public sees, so this row stands alone: no other is judged beside it.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"

namespace dkimprobe::checks {
namespace {

using probe::Interception;
using probe::InterceptionSign;

std::string servers_text(const Interception& seen) {
  std::vector<std::string> parts;
  parts.reserve(seen.servers.size());
  for (const auto& server : seen.servers) parts.push_back(server_text({{}, server}));
  return join_some(parts);
}

std::string sign_text(const Interception& seen) {
  const std::string servers = servers_text(seen);
  switch (seen.sign) {
    case InterceptionSign::recursion_available:
      return fmt::format("recursion is offered (RA=1) by {}", servers);
    case InterceptionSign::answers_below:
      return fmt::format("an answer in place of a referral came from {}", servers);
    case InterceptionSign::no_authority:
      return fmt::format("no authority (AA=0) has {}", servers);
    case InterceptionSign::refused:
      return fmt::format("REFUSED says {}", servers);
    case InterceptionSign::ttl_counts_down:
      return fmt::format("TTLs count down, as in a cache, at {}", servers);
    case InterceptionSign::one_identity:
      return fmt::format("one identity (NSID) have {}", servers);
    case InterceptionSign::tcp_closed:
      return fmt::format("TCP is closed, where UDP answers, at {}", servers);
  }
  return {};
}

Finding of_walk(const probe::Delegation& delegation) {
  std::vector<std::string> signs;
  for (const auto& seen : delegation.interception) signs.push_back(sign_text(seen));
  Finding finding;
  finding.detail = fmt::format(
      "this network answers DNS itself; nothing seen from here is what the public sees. Root servers and "
      "those "
      "of top-level domains refer, with authority and without recursion; here {}",
      fmt::join(signs, "; "));
  finding.remedy =
      "Look from another network, for example from a server; or switch off what answers DNS here: the DNS of "
      "a VPN, a hotspot, a company's or a container's redirection of port 53. Servers that this network lets "
      "through can be given with --root-hints or --nameserver.";
  return finding;
}

/// The operator named the servers, so that they may as well be resolvers by his mistake.
Finding of_given_servers(const probe::Delegation& delegation) {
  const std::string servers = servers_text(delegation.interception.front());
  const bool one = delegation.interception.front().servers.size() == 1;
  Finding finding;
  finding.detail = fmt::format(
      "{} {} for {} as a resolver does (RA=1, AA=0): either the address {} a resolver's, or this network "
      "answers DNS itself; nothing seen from here is what the public sees",
      servers, one ? "answers" : "each answer", delegation.zone.to_string(), one ? "is" : "of each is");
  finding.remedy = fmt::format(
      "Give addresses of nameservers that have the zone {} with --nameserver. If {} has it, look from "
      "another "
      "network, or switch off what answers DNS here: the DNS of a VPN, a hotspot, a company's or a "
      "container's redirection of port 53.",
      delegation.zone.to_string(), servers);
  return finding;
}

void find_path_intercepted(const Evidence& evidence, Verdict& verdict) {
  const probe::Delegation* const delegation = intercepted_delegation(evidence.observation);
  if (delegation == nullptr) return;
  const bool walked = !delegation->cuts.empty();
  // It belongs to none of the servers: their addresses are those of somebody else.
  verdict.found(walked ? of_walk(*delegation) : of_given_servers(*delegation));
}

}  // namespace

std::span<const Check> path_checks() {
  static constexpr Check rows[] = {
      {.name = "path_intercepted",
       .scope = Scope::zone,
       .needs = Needs::path,
       .severity = Severity::critical,
       .summary = "this network answers DNS itself; nothing seen from here is what the public sees",
       .effect = "not known: receivers ask the nameservers, and the probe did not reach them",
       .remedy = "Look from another network, or switch off what answers DNS here: the DNS of a VPN, a "
                 "hotspot, a company's or a container's redirection of port 53.",
       .example = {Example::behaviour,
                   "Each root server answers with RA=1: the hotel's resolver answers for it."},
       .find = find_path_intercepted},
  };
  return rows;
}

}  // namespace dkimprobe::checks
