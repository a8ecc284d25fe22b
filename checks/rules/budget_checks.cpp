// Whether the probe itself ended too early: servers or queries were left out because a limit was reached.
#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/report/time_text.hpp"
#include "checks/rules/zone_faults.hpp"

namespace dkimprobe::checks {
namespace {

/// What was left out at the servers of one name, and which limits would have to be raised.
struct LeftOut {
  std::vector<std::string> what{};
  std::set<std::string_view> bounds{};
  bool too_many_servers = false;

  void add_server(std::string name, std::initializer_list<std::string_view> limits) {
    what.push_back(std::move(name));
    bounds.insert(limits);
    too_many_servers = true;
  }
  [[nodiscard]] std::string text() const {
    return what.empty() ? std::string() : fmt::format("; left out: {}", join_some(what));
  }
};

/// Whether the queries to the server went on until the time of the probe was over.
bool ran_out_of_time(const ServerAnswer& answer, std::chrono::microseconds took) {
  return std::ranges::any_of(answer.server->exchanges, [&](const probe::Exchange& exchange) {
    // ICMP about the query hides that it was interrupted.
    const bool to_the_end = exchange.outcome == probe::Outcome::unreachable &&
                            exchange.started + exchange.took + std::chrono::milliseconds{1} >= took;
    return exchange.outcome == probe::Outcome::interrupted || to_the_end;
  });
}

LeftOut left_out_at(const HopAnswers& hop, std::chrono::microseconds took) {
  const probe::Delegation& delegation = hop.hop->delegation;
  LeftOut left;
  for (const auto& name : delegation.nameservers_cut_off)
    left.add_server(name.to_string(), {"max_nameservers"});
  for (const auto& nameserver : delegation.nameservers) {
    if (nameserver.host == probe::HostOutcome::budget_exhausted) {
      left.add_server(nameserver.name.to_string(),
                      {"discovery_timeout", "max_discovery_queries", "max_unresolvable"});
    }
  }
  for (const ServerAnswer& answer : hop.servers) {
    if (answer.server->not_asked == probe::NotAsked::budget_exhausted)
      left.add_server(server_text(answer.id), {"max_addresses"});
    if (!answer.server->cut_short) continue;
    left.what.push_back("further queries to " + server_text(answer.id));
    left.bounds.insert(ran_out_of_time(answer, took) ? "probe_timeout" : "max_exchanges");
  }
  return left;
}

/// The zone has no fault: the rate limit makes this many queries take longer than the probe may.
Finding shortage_finding(const probe::RateShortage& shortage, const LeftOut& left,
                         std::chrono::microseconds took) {
  const auto needed = std::chrono::ceil<std::chrono::seconds>(shortage.needed).count();
  const bool one = shortage.selectors == 1;
  return {.detail = fmt::format(
              "{} need about {} s at the rate limit ({} queries to {}), but the probe ended after {}{}",
              one ? "the queries for 1 selector" : fmt::format("{} selectors", shortage.selectors), needed,
              shortage.queries,
              shortage.server.port == 53 ? shortage.server.ip.to_string() : shortage.server.to_string(),
              seconds_text(took), left.text()),
          .remedy = fmt::format("Raise `probe_timeout` to at least {} s (--probe-timeout={}s){}.", needed,
                                needed, one ? "" : ", or probe fewer selectors at a time")};
}

Finding size_finding(const HopAnswers& hop, const LeftOut& left) {
  const std::string name = hop.hop->owner.to_string();
  return {
      .detail = fmt::format("the probe ended early because the answers of the servers took up too much "
                            "memory; not every server was queried for {}{}",
                            name, left.text()),
      .remedy = fmt::format("Reduce the number and the size of the records that the servers return for {} "
                            "and for the names that point to it.",
                            name)};
}

void find_budget_exhausted(const Evidence& evidence, Verdict& verdict) {
  const auto& shortage = evidence.observation.rate_shortage;
  for (const HopAnswers* hop : distinct_zones(evidence)) {
    LeftOut left = left_out_at(*hop, evidence.observation.took);
    const bool whole = hop->hop->delegation.outcome == probe::DiscoveryOutcome::budget_exhausted;
    if (!whole && left.what.empty()) continue;
    if (evidence.observation.size_exhausted && (whole || left.bounds.contains("probe_timeout"))) {
      verdict.found(size_finding(*hop, left));
      continue;
    }
    if (shortage && (whole || left.bounds.contains("probe_timeout"))) {
      verdict.found(shortage_finding(*shortage, left, evidence.observation.took));
      continue;
    }
    if (whole) left.bounds.insert({"probe_timeout", "discovery_timeout", "max_discovery_queries"});
    const std::string zone = zone_text(*hop);
    verdict.found(
        {.detail = (whole ? fmt::format("the search for the servers of {} ended before it was complete",
                                        hop->hop->owner.to_string())
                          : fmt::format("not every server of {} was queried", zone)) +
                   left.text(),
         .remedy = fmt::format("Raise {}{}.", fmt::join(left.bounds, " or "),
                               left.too_many_servers || whole
                                   ? fmt::format(", or use fewer nameservers for {}, with names whose "
                                                 "addresses take fewer steps to find",
                                                 zone)
                                   : "")});
  }
}

constexpr Check budget_rows[] = {
    {.name = "budget_exhausted",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .summary = "the probe ended before every server was queried",
     .effect = "none; the state of the servers left out is not known",
     .remedy = "Raise the limit that was reached: the time (probe_timeout), or a limit of the search such "
               "as max_nameservers or max_addresses.",
     .example = {Example::behaviour, "The zone has 40 nameservers, 16 of which were queried."},
     .find = find_budget_exhausted},
};

}  // namespace

std::span<const Check> budget_checks() {
  return budget_rows;
}

}  // namespace dkimprobe::checks
