// Whether the nameservers themselves answered. If a device on the path answers for them, the answers are not
// those that the public gets, so no other check is evaluated.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"

namespace dkimprobe::checks {
namespace {

using probe::Interception;
using probe::InterceptionSign;

std::string who_text(const Interception& seen) {
  return join_some(seen.servers, [](const auto& server) { return server_text({{}, server}); });
}

std::string sign_text(const Interception& seen) {
  const std::string servers = who_text(seen);
  switch (seen.sign) {
    case InterceptionSign::recursion_available:
      return fmt::format("recursion is offered (RA=1) by {}", servers);
    case InterceptionSign::answers_below:
      return fmt::format("an answer instead of a referral came from {}", servers);
    case InterceptionSign::no_authority:
      return fmt::format("answers without authority (AA=0) came from {}", servers);
    case InterceptionSign::refused:
      return fmt::format("REFUSED came from {}", servers);
    case InterceptionSign::ttl_counts_down:
      return fmt::format("TTLs count down, as in a cache, at {}", servers);
    case InterceptionSign::one_identity:
      return fmt::format("the same identity (NSID) is returned by {}", servers);
    case InterceptionSign::tcp_closed:
      return fmt::format("TCP is closed, although UDP answers, at {}", servers);
  }
  return {};
}

Finding of_walk(const probe::Delegation& delegation) {
  std::vector<std::string> signs;
  for (const auto& seen : delegation.interception) signs.push_back(sign_text(seen));
  return {.detail = fmt::format(
              "this network answers DNS itself, so the public view is not known. The servers of the root and "
              "of top-level domains return referrals, with authority and without recursion; here {}",
              fmt::join(signs, "; ")),
          .remedy =
              "Probe from another network, for example from a server. Or disable what answers DNS here: "
              "the DNS of a VPN, a hotspot, or a redirection of port 53 by a company network or a "
              "container. Servers that this network lets through can be given with --root-hints or "
              "--nameserver."};
}

/// The operator gave the servers, so they may also be resolvers given in error.
Finding of_given_servers(const probe::Delegation& delegation) {
  const std::string servers = who_text(delegation.interception.front());
  const bool one = delegation.interception.front().servers.size() == 1;
  const std::string zone = delegation.zone.to_string();
  return {
      .detail = fmt::format("{} {} for {} as a resolver does (RA=1, AA=0): either the address {} a "
                            "resolver's, or this network answers DNS itself; the public view is not known",
                            servers, one ? "answers" : "each answer", zone, one ? "is" : "of each is"),
      .remedy = fmt::format(
          "Give addresses of nameservers that have the zone {} with --nameserver. If {} has it, probe "
          "from another network, or disable what answers DNS here: the DNS of a VPN, a hotspot, or a "
          "redirection of port 53 by a company network or a container.",
          zone, servers)};
}

void find_path_intercepted(const Evidence& evidence, Verdict& verdict) {
  const probe::Delegation* const delegation = intercepted_delegation(evidence.observation);
  if (delegation == nullptr) return;
  const bool walked = !delegation->cuts.empty();
  // The finding names no server: something else answered at their addresses.
  verdict.found(walked ? of_walk(*delegation) : of_given_servers(*delegation));
}

constexpr Check path_rows[] = {
    {.name = "path_intercepted",
     .scope = Scope::zone,
     .needs = Needs::path,
     .severity = Severity::critical,
     .summary = "this network answers DNS itself, so the public view is not known",
     .effect = "not known: receivers ask the nameservers, but the probe did not reach them",
     .remedy = "Probe from another network, or disable what answers DNS here: the DNS of a VPN, a hotspot, "
               "or a redirection of port 53 by a company network or a container.",
     .example = {Example::behaviour,
                 "Each root server answers with RA=1: the hotel's resolver answers for it."},
     .find = find_path_intercepted},
};

}  // namespace

std::span<const Check> path_checks() {
  return path_rows;
}

}  // namespace dkimprobe::checks
