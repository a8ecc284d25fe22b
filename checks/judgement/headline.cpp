#include "checks/judgement/headline.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "checks/answers/delegation_facts.hpp"
#include "checks/catalogue/check_groups.hpp"

namespace dkimprobe::checks {
namespace {

/// The number of servers that this machine failed to query, for example for lack of file descriptors.
std::ptrdiff_t failed_here(const Report& report) {
  return std::ranges::count(report.servers, ServerOutcome::local_error, &ServerRow::outcome);
}

/// "on 1 of 2 servers"; "on 2 servers" if all that were asked at the same names publish the same.
std::string servers_count_text(const ChainAnswers& answers) {
  const auto& published = answers.published;
  const std::size_t same = published.front().servers.size();
  std::set<config::ServerAddress> asked;
  for (const HopAnswers& hop : answers.hops) {
    if (std::ranges::find(published, hop.hop->owner, &AnswerGroup::owner) == published.end()) continue;
    for (const ServerAnswer& answer : hop.servers) {
      if (!answer.is_stray() && answer.outcome != ServerOutcome::not_asked) asked.insert(answer.id.address);
    }
  }
  if (same < asked.size()) return fmt::format("on {} of {} servers", same, asked.size());
  return fmt::format("on {} server{}", same, same == 1 ? "" : "s");
}

std::string absence_text(config::Role role) {
  switch (role) {
    case config::Role::pending:
    case config::Role::standby:
      return "no record yet";
    case config::Role::active:
    case config::Role::retired:
      return "no record";
  }
  return {};
}

/// Why the answers do not show what the servers publish.
std::string why_unknown(const Report& report, const Evidence& evidence) {
  if (const auto failed = failed_here(report); failed > 0) {
    if (evidence.observation.size_exhausted)
      return fmt::format("the answers were too large to ask {} of {} servers", failed, report.servers.size());
    const auto& shortage = evidence.observation.rate_shortage;
    if (!shortage)
      return fmt::format("this machine failed to ask {} of {} servers", failed, report.servers.size());
    return fmt::format("the time was too short to ask {} of {} servers at the rate limit; {} s are needed",
                       failed, report.servers.size(),
                       std::chrono::ceil<std::chrono::seconds>(shortage->needed).count());
  }
  if (is_internal_view(evidence.answers))
    return "the public view of the zone is not visible from this network";
  const auto& hops = evidence.answers.hops;
  const auto silent = std::ranges::find_if(hops, [](const HopAnswers& hop) { return hop.groups.empty(); });
  if (silent == hops.end()) return "no server gave an authoritative answer";
  return fmt::format("no server gave an authoritative answer for {}", silent->hop->owner.to_string());
}

}  // namespace

Status status_of(const Report& report) {
  Severity worst = Severity::notice;
  for (const auto& finding : report.findings) worst = std::max(worst, finding.severity);
  switch (worst) {
    case Severity::critical:
      return Status::critical;
    case Severity::warning:
      return Status::warning;
    case Severity::notice:
      break;
  }
  return Status::ok;
}

Status status_of(const Report& report, const ChainAnswers& answers) {
  const bool unknown =
      !answers.known || answers.published.empty() || failed_here(report) > 0 || is_internal_view(answers);
  return worst(std::to_array({status_of(report), unknown ? Status::unknown : Status::ok}));
}

std::string headline_of_findings(const Report& report) {
  const Finding& first = report.findings.front();
  std::set<std::string_view> others;
  for (const auto& finding : report.findings) {
    if (finding.severity == first.severity && finding.check != first.check)
      others.insert(finding.check->name);
  }
  return others.empty() ? std::string(first.check->summary)
                        : fmt::format("{} (and {} more)", first.check->summary, others.size());
}

std::string headline_of(const Report& report, const Evidence& evidence, const ReadText* text) {
  if (const auto* const intercepted = intercepted_delegation(evidence.observation))
    return intercepted->cuts.empty() ? "the given servers are resolvers, or this network answers DNS itself"
                                     : std::string(path_checks().front().summary);
  switch (report.status) {
    case Status::critical:
    case Status::warning:
      return headline_of_findings(report);
    case Status::unknown:
      return why_unknown(report, evidence);
    case Status::ok:
      return fmt::format("{} {}", text == nullptr ? absence_text(report.role) : describe(text->record),
                         servers_count_text(evidence.answers));
  }
  return {};
}

}  // namespace dkimprobe::checks
