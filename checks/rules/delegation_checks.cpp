// Faults of the delegation of a zone: its NS records at the parent and in the zone itself, and the addresses
// of its nameservers. cut_checks.cpp has the parent servers that differ from each other.
#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/delegation_facts.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/rules/zone_faults.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;
using probe::HostOutcome;
using Names = std::set<DomainName>;

// ---- Parent and zone ----

Names targets_of(const std::vector<probe::NsRecord>& records) {
  Names names;
  for (const auto& record : records) names.insert(record.target);
  return names;
}

/// The names of `from` that `taken` lacks.
std::string rest_text(const Names& from, const Names& taken) {
  Names rest;
  std::ranges::set_difference(from, taken, std::inserter(rest, rest.end()));
  return rest.empty() ? std::string("none") : join_some(rest, &DomainName::to_string);
}

struct ChildSet {
  Names names{};
  std::vector<ServerId> servers{};
};

/// The NS sets that the servers of a zone return for it, each distinct set once.
std::vector<ChildSet> child_sets(const HopAnswers& hop, const probe::ZoneCut& cut) {
  std::vector<ChildSet> sets;
  if (cut.apex == hop.hop->delegation.zone) {
    for (const ServerAnswer& answer : own_servers(hop)) {
      const probe::Response* const response = answer.ns.response();
      if (response == nullptr || !response->authoritative || response->ns.empty()) continue;
      const auto names = targets_of(response->ns);
      auto same = std::ranges::find(sets, names, &ChildSet::names);
      if (same == sets.end()) same = sets.insert(sets.end(), ChildSet{names, {}});
      same->servers.push_back(answer.id);
    }
  }
  if (sets.empty() && !cut.child_ns.empty()) sets.push_back({targets_of(cut.child_ns), {}});
  return sets;
}

/// Whether the parent and the zone can be compared at the cut. The registries are responsible for the cuts
/// above the domain. Parent servers that differ, and a network with its own view of the zone, have checks of
/// their own.
bool is_comparable(const Evidence& evidence, const HopAnswers& hop, std::size_t at) {
  const probe::ZoneCut& cut = hop.hop->delegation.cuts[at];
  const bool is_last = cut.apex == hop.hop->delegation.zone;
  if (!is_last && !cut.apex.is_at_or_below(evidence.observation.domain)) return false;
  return hop.cuts[at].groups.size() <= 1 && !(is_last && is_internal_view(hop)) && !cut.parent_ns.empty();
}

void find_parent_child_mismatch(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  Names reported;
  for (const HopAnswers& hop : evidence.answers.hops) {
    for (std::size_t at = 0; at < hop.cuts.size(); ++at) {
      const probe::ZoneCut& cut = hop.hop->delegation.cuts[at];
      if (reported.contains(cut.apex) || !is_comparable(evidence, hop, at)) continue;
      const Names parent = targets_of(cut.parent_ns);
      for (const ChildSet& child : child_sets(hop, cut)) {
        judged = true;
        if (child.names == parent) continue;
        reported.insert(cut.apex);
        const std::string zone = cut.apex.to_string();
        verdict.found(
            {.servers = child.servers,
             .detail = fmt::format(
                 "the NS records of {} differ: only at its parent: {}; only in the zone itself: {}", zone,
                 rest_text(parent, child.names), rest_text(child.names, parent)),
             .remedy = fmt::format(
                 "Publish the same NS records for {} at its parent (through the registrar or the operator of "
                 "the parent zone) and in the zone itself.",
                 zone)});
      }
    }
  }
  if (!judged) verdict.not_evaluated();
}

// ---- Nameservers ----

/// The address that all nameservers share, if each has one and it is the same.
std::optional<config::Address> shared_address(const std::vector<probe::Nameserver>& nameservers) {
  std::set<config::Address> addresses;
  for (const auto& nameserver : nameservers) {
    if (nameserver.glue.empty() && nameserver.addresses.empty()) return std::nullopt;
    addresses.insert(nameserver.glue.begin(), nameserver.glue.end());
    addresses.insert(nameserver.addresses.begin(), nameserver.addresses.end());
  }
  return addresses.size() == 1 ? std::optional(*addresses.begin()) : std::nullopt;
}

void find_single_ns(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const HopAnswers* hop : distinct_zones(evidence)) {
    const probe::Delegation& delegation = hop->hop->delegation;
    const auto& nameservers = delegation.nameservers;
    if (delegation.outcome != probe::DiscoveryOutcome::complete || nameservers.empty()) continue;
    judged = true;
    const bool one_name = nameservers.size() == 1 && delegation.nameservers_cut_off.empty();
    const auto shared = shared_address(nameservers);
    if (!one_name && !shared) continue;
    const std::string zone = zone_text(*hop);
    verdict.found({.detail = one_name ? fmt::format("{} has only one nameserver, {}", zone,
                                                    nameservers.front().name.to_string())
                                      : fmt::format("the {} nameservers of {} share one address, {}",
                                                    nameservers.size(), zone, shared->to_string()),
                   .remedy = fmt::format("Add a second nameserver for {} in another network.", zone)});
  }
  if (!judged) verdict.not_evaluated();
}

/// Calls `judge` once for each nameserver name of the zones.
template <class Judge>
void for_each_nameserver(const Evidence& evidence, Verdict& verdict, Judge judge) {
  bool judged = false;
  Names seen;
  for (const HopAnswers& hop : evidence.answers.hops) {
    for (const auto& nameserver : hop.hop->delegation.nameservers) {
      if (nameserver.host == HostOutcome::unknown) continue;
      judged = true;
      if (seen.insert(nameserver.name).second) judge(nameserver, zone_text(hop));
    }
  }
  if (!judged) verdict.not_evaluated();
}

void find_ns_is_cname(const Evidence& evidence, Verdict& verdict) {
  for_each_nameserver(evidence, verdict, [&](const probe::Nameserver& nameserver, const std::string& zone) {
    if (nameserver.host != HostOutcome::is_alias) return;
    const std::string name = nameserver.name.to_string();
    verdict.found({.detail = fmt::format("{}, a nameserver of {}, is an alias (CNAME)", name, zone),
                   .remedy = fmt::format("Replace the CNAME at {} with A or AAAA records, or put the target "
                                         "of the CNAME into the NS records of {}.",
                                         name, zone)});
  });
}

std::set<config::Address> of_family(const std::vector<config::Address>& addresses, config::Family family) {
  std::set<config::Address> found;
  std::ranges::copy_if(
      addresses, std::inserter(found, found.end()), [&](config::Family each) { return each == family; },
      &config::Address::family);
  return found;
}

std::string addresses_text(const std::set<config::Address>& addresses) {
  return join_some(addresses, &config::Address::to_string);
}

void find_glue_mismatch(const Evidence& evidence, Verdict& verdict) {
  // Inside a network, the zone gives internal addresses.
  if (is_internal_view(evidence.answers)) return;
  for_each_nameserver(evidence, verdict, [&](const probe::Nameserver& nameserver, const std::string& zone) {
    for (const config::Family family : {config::Family::ipv4, config::Family::ipv6}) {
      const auto glue = of_family(nameserver.glue, family);
      const auto addresses = of_family(nameserver.addresses, family);
      // A family that one side lacks may just not have been queried.
      if (glue.empty() || addresses.empty() || glue == addresses) continue;
      const std::string name = nameserver.name.to_string();
      const std::string where =
          fmt::format("at the registrar or with the operator of the parent of {}", zone);
      // The zone may have an address too many, perhaps on only one of its servers.
      std::set<config::Address> more;
      std::ranges::set_difference(addresses, glue, std::inserter(more, more.end()));
      verdict.found(
          {.detail = fmt::format("the parent of {} gives {} for {}, but the host's own zone gives {}", zone,
                                 addresses_text(glue), name, addresses_text(addresses)),
           .remedy =
               std::ranges::includes(addresses, glue)
                   ? fmt::format("If {0} is correct for {1}, add it to the glue {2}. Otherwise remove it "
                                 "from the zone that contains {1}, on each of its servers.",
                                 addresses_text(more), name, where)
                   : fmt::format("Correct the glue of {} {}.", name, where)});
    }
  });
}

// ---- Loops ----

/// A loop is the same for every resolver: if it leaves no server at all, no resolver gets the key.
bool nobody_gets_there(const HopAnswers& hop) {
  const probe::Delegation& delegation = hop.hop->delegation;
  if (!hop.servers.empty() || !delegation.nameservers_cut_off.empty()) return false;
  return delegation.outcome == probe::DiscoveryOutcome::loop ||
         (!delegation.nameservers.empty() &&
          std::ranges::all_of(delegation.nameservers, [](const probe::Nameserver& nameserver) {
            return nameserver.host == HostOutcome::loop;
          }));
}

void find_delegation_loop(const Evidence& evidence, Verdict& verdict) {
  for (const HopAnswers* hop : distinct_zones(evidence)) {
    const probe::Delegation& delegation = hop->hop->delegation;
    std::vector<std::string> circling;
    for (const auto& nameserver : delegation.nameservers) {
      if (nameserver.host == HostOutcome::loop) circling.push_back(nameserver.name.to_string());
    }
    const bool whole = delegation.outcome == probe::DiscoveryOutcome::loop;
    if (!whole && circling.empty()) continue;
    const std::string zone = (whole ? delegation.stopped_at : delegation.zone).to_string();
    verdict.found(
        {.detail = circling.empty()
                       ? fmt::format("the delegation of {} depends on itself", zone)
                       : fmt::format("the address of {}, a nameserver of {}, can only be found if it is "
                                     "already known",
                                     join_some(circling), zone),
         .remedy = fmt::format("Give a nameserver of {} a name inside that zone, with glue at the parent, or "
                               "a name in a zone that does not depend on it.",
                               zone)},
        nobody_gets_there(*hop) ? std::optional(Severity::critical) : std::nullopt);
  }
}

constexpr auto delegation_rows = rows_of(
    Scope::zone, Needs::all_servers,
    {{.name = "deleg_parent_child_mismatch",
      .severity = Severity::warning,
      .reference = "RFC 1034 section 4.2.2",
      .summary = "the parent and the zone list different nameservers",
      .effect = "some servers are never asked, or resolvers ask servers that are no longer maintained",
      .remedy = "Publish the same NS records in the parent and in the zone.",
      .example = {Example::behaviour, "com lists ns1 and ns2, the zone itself ns2 and ns3."},
      .find = find_parent_child_mismatch},
     {.name = "deleg_single_ns",
      .severity = Severity::warning,
      .reference = "RFC 1034 section 4.1",
      .summary = "the zone has a single nameserver",
      .effect = "when it fails, no signature can be verified",
      .remedy = "Add a second nameserver in another network.",
      .example = {Example::behaviour, "The zone has one NS record."},
      .find = find_single_ns},
     {.name = "deleg_ns_is_cname",
      .severity = Severity::warning,
      .reference = "RFC 2181 section 10.3",
      .summary = "a nameserver's name is an alias",
      .effect = "some resolvers never ask that server",
      .remedy = "Publish A or AAAA records at the nameserver's name instead of the CNAME.",
      .example = {Example::behaviour, "ns2.example.com is a CNAME to host7.example.net."},
      .find = find_ns_is_cname},
     {.name = "deleg_glue_mismatch",
      .severity = Severity::warning,
      .reference = "RFC 1034 section 4.2.2",
      .summary = "the parent's glue for a nameserver differs from the addresses in the nameserver's own zone",
      .effect = "resolvers ask an address that is not the server's",
      .remedy = "Correct the glue at the parent so that it has the addresses in the nameserver's own zone.",
      .example = {Example::behaviour, "com gives 192.0.2.2 for ns2, the zone itself 192.0.2.7."},
      .find = find_glue_mismatch},
     {.name = "delegation_loop",
      .severity = Severity::warning,
      .reference = "RFC 1034 section 4.2.1",
      .summary = "the addresses of nameservers depend on those nameservers themselves",
      .effect = "the zone has fewer usable servers than it lists, or none",
      .remedy = "Break the loop with glue, or with a nameserver name in an independent zone.",
      .example = {Example::behaviour,
                  "a.example is served only by ns.b.example, b.example only by ns.a.example."},
      .find = find_delegation_loop}});

}  // namespace

std::span<const Check> delegation_checks() {
  return delegation_rows;
}

}  // namespace dkimprobe::checks
