#include "exporters/text/report_facts.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/catalogue.hpp"

namespace dkimprobe::exporters {

std::vector<HopRows> hop_rows_of(const checks::Report& report) {
  std::vector<HopRows> hops;
  const auto hop_of = [&](const config::DomainName& name) -> HopRows& {
    const auto found = std::ranges::find(hops, name, &HopRows::owner);
    return found != hops.end() ? *found : hops.emplace_back(name, zone_of(report.delegations, name));
  };
  hop_of(report.name);
  for (const auto& alias : report.chain) {
    if (!alias.is_dname) hop_of(alias.target);
  }
  for (const auto& row : report.servers) hop_of(row.owner).servers.push_back(&row);
  std::erase_if(hops, [](const HopRows& hop) { return hop.servers.empty() && hop.zone == nullptr; });
  return hops;
}

const probe::Delegation* zone_of(const std::vector<probe::Delegation>& delegations,
                                 const config::DomainName& name) {
  const probe::Delegation* deepest = nullptr;
  for (const auto& delegation : delegations) {
    if (!name.is_at_or_below(delegation.zone)) continue;
    if (deepest == nullptr || delegation.zone.label_count() > deepest->zone.label_count())
      deepest = &delegation;
  }
  return deepest;
}

std::string key_text(const checks::KeyFacts& key) {
  return fmt::format("{} {} bits", key.algorithm, key.bits);
}

std::string serves_text(const checks::RecordFacts& record) {
  const auto versions = checks::served_versions(record.record_class);
  return versions.empty() ? std::string() : fmt::format("{} (draft)", fmt::join(versions, ", "));
}

std::string publishers_text(const checks::RecordFacts& record) {
  std::vector<std::string> names;
  for (const auto& server : record.servers) names.push_back(checks::server_text(server));
  return checks::join_some(names);
}

std::string flags_text(const checks::ServerRow& row) {
  if (!row.truncated) return row.authoritative ? "AA" : "";
  return row.authoritative ? "AA TC" : "TC";
}

std::string spaced(std::string_view word) {
  std::string text(word);
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::vector<std::string> unevaluated_checks(const checks::Report& report) {
  std::vector<std::string> names;
  for (const auto& result : report.outcomes) {
    if (result.outcome == checks::CheckOutcome::not_evaluated && result.disabled.empty())
      names.emplace_back(result.check->name);
  }
  return names;
}

}  // namespace dkimprobe::exporters
