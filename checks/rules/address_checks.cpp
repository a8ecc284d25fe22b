// Faults of the addresses of single nameservers: not public, missing, or not found.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/delegation_facts.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/rules/server_faults.hpp"
#include "checks/rules/zone_faults.hpp"
#include "config/names/special_purpose.hpp"

namespace dkimprobe::checks {
namespace {

using probe::DiscoveryOutcome;
using probe::HostOutcome;

bool is_listed(const ServerAnswer& /*answer*/) {
  return true;
}

std::optional<Fault> find_address_refused(const Asked& asked) {
  // Inside a network, private addresses are correct.
  if (asked.answer.server->not_asked != probe::NotAsked::address_refused || is_internal_view(asked.hop))
    return std::nullopt;
  const auto purpose = config::special_purpose(asked.answer.id.address.ip);
  return Fault{
      fmt::format("{} was not queried: its address is {}", asked.who(),
                  purpose.empty() ? "not a public one" : purpose),
      fmt::format("Give {} a public address in its A or AAAA record, or remove it from the NS records of {}.",
                  asked.answer.id.name, asked.zone())};
}

/// Nameservers of one zone whose addresses fail in the same way.
struct FailedNames {
  std::vector<std::string> names{};
  std::string zone{};

  [[nodiscard]] bool several() const { return names.size() > 1; }
  /// "ns1.example.net, a nameserver of example.com"
  [[nodiscard]] std::string text() const {
    return fmt::format("{}, {} of {}", join_some(names), several() ? "nameservers" : "a nameserver", zone);
  }
};

/// Reports nameservers whose addresses fail, each once, with the finding that `describe` gives. Those of a
/// zone that fail in the same way make one finding: a hostile delegation may have many. `failure_of` returns
/// the way, or nothing.
template <class Failure, class CanEvaluate, class FailureOf, class Describe>
void report_failed_names(const Evidence& evidence, Verdict& verdict, CanEvaluate can_evaluate,
                         FailureOf failure_of, Describe describe) {
  std::set<config::DomainName> reported;
  bool judged = false;
  for (const HopAnswers& hop : evidence.answers.hops) {
    std::map<Failure, FailedNames> failed;
    for (const auto& nameserver : hop.hop->delegation.nameservers) {
      if (!can_evaluate(hop.hop->delegation, nameserver)) continue;
      judged = true;
      const std::optional<Failure> failure = failure_of(nameserver);
      if (!failure || !reported.insert(nameserver.name).second) continue;
      failed[*failure].names.push_back(nameserver.name.to_string());
    }
    for (auto& [failure, names] : failed) {
      names.zone = zone_text(hop);
      verdict.found(describe(failure, names));
    }
  }
  if (!judged) verdict.not_evaluated();
}

std::optional<HostOutcome> missing_address(const probe::Nameserver& nameserver) {
  const bool is_missing =
      nameserver.host == HostOutcome::name_missing || nameserver.host == HostOutcome::no_address;
  return is_missing ? std::optional(nameserver.host) : std::nullopt;
}

Finding describe_missing(HostOutcome outcome, const FailedNames& missing) {
  const bool no_name = outcome == HostOutcome::name_missing;
  const char* const one = no_name ? "is a name that does not exist" : "has no A or AAAA record";
  const char* const many = no_name ? "are names that do not exist" : "have no A or AAAA record";
  return {.detail = fmt::format("{}, {}", missing.text(), missing.several() ? many : one),
          .remedy = fmt::format("Publish an address for {}, or remove {} from the NS records of {}.",
                                join_some(missing.names), missing.several() ? "them" : "it", missing.zone)};
}

void find_address_missing(const Evidence& evidence, Verdict& verdict) {
  const auto is_known = [](const probe::Delegation&, const probe::Nameserver& nameserver) {
    return nameserver.host != HostOutcome::unknown;
  };
  report_failed_names<HostOutcome>(evidence, verdict, is_known, missing_address, describe_missing);
}

/// Which addresses of a nameserver could not be looked up, so that a server may not have been queried.
std::optional<std::string_view> unknown_addresses(const probe::Nameserver& nameserver) {
  if (nameserver.glue.empty() && nameserver.addresses.empty())
    return nameserver.host == HostOutcome::unknown ? std::optional("addresses") : std::nullopt;
  if (nameserver.ipv4_unknown) return "IPv4 addresses";
  return nameserver.ipv6_unknown ? std::optional("IPv6 addresses") : std::nullopt;
}

Finding describe_unknown(std::string_view which, const FailedNames& unknown) {
  return {.detail = fmt::format("the {} of {}, could not be looked up, so the answers there are not known",
                                which, unknown.text()),
          .remedy = fmt::format("Make the servers of the zone that contains {} answer {} queries, or remove "
                                "{} from the NS records of {}.",
                                join_some(unknown.names),
                                which == "IPv4 addresses"   ? "A"
                                : which == "IPv6 addresses" ? "AAAA"
                                                            : "A and AAAA",
                                unknown.several() ? "them" : "it", unknown.zone)};
}

void find_address_unknown(const Evidence& evidence, Verdict& verdict) {
  // Other findings report a search that found no server or was interrupted.
  const auto has_ended = [](const probe::Delegation& delegation, const probe::Nameserver&) {
    return delegation.outcome == DiscoveryOutcome::complete ||
           delegation.outcome == DiscoveryOutcome::budget_exhausted;
  };
  report_failed_names<std::string_view>(evidence, verdict, has_ended, unknown_addresses, describe_unknown);
}

constexpr auto address_rows = rows_of(
    Scope::server, Needs::one_server,
    {{.name = "ns_address_refused",
      .severity = Severity::warning,
      .reference = "RFC 6890 section 2.2",
      .summary = "a nameserver's address cannot be reached by the public",
      .effect = "resolvers lose time on it, or query an unrelated host in their own network",
      .remedy = "Give the nameserver a public address.",
      .example = {Example::behaviour, "ns2.example.com has the address 10.0.0.2."},
      .find = find_at_servers<is_listed, find_address_refused>},
     {.name = "ns_address_missing",
      .severity = Severity::warning,
      .summary = "a nameserver's name has no address",
      .effect = "the zone has one server fewer than it lists",
      .remedy = "Publish an address for the nameserver.",
      .example = {Example::behaviour,
                  "The zone lists ns2.example.com, which has neither an A nor an AAAA record."},
      .find = find_address_missing},
     {.name = "ns_address_unknown",
      .severity = Severity::warning,
      .summary = "an address of a nameserver could not be looked up",
      .effect =
          "a server that was not queried may have a different key or none; resolvers lose time on its name",
      .remedy = "Make the servers of the nameserver's own zone answer A and AAAA queries.",
      .example = {Example::behaviour,
                  "The zone lists ns2.example.net, but the servers of example.net return SERVFAIL for its "
                  "AAAA record."},
      .find = find_address_unknown}});

}  // namespace

std::span<const Check> address_checks() {
  return address_rows;
}

}  // namespace dkimprobe::checks
