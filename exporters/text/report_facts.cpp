#include "exporters/text/report_facts.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/catalogue.hpp"
#include "checks/report/time_text.hpp"

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

namespace {

/// "root (key 20326) > com (key 19718) > example.com (key 370)"
std::string chain_text(const checks::DnssecFacts& facts) {
  std::string text;
  for (const auto& link : facts.zones) {
    if (!text.empty()) text += " > ";
    text += link.zone.is_root() ? "root" : link.zone.to_string();
    if (!link.key_tags.empty())
      text +=
          fmt::format(" ({} {})", link.key_tags.size() == 1 ? "key" : "keys", fmt::join(link.key_tags, ", "));
    if (link.state != checks::Security::secure) text += fmt::format(", {}", checks::to_string(link.state));
  }
  return text;
}

/// "secure", or "secure on ns1.example.com (192.0.2.1); bogus on ns2.example.com (192.0.2.2)".
std::string states_text(const checks::DnssecFacts& facts) {
  std::map<checks::Security, std::vector<std::string>> servers;
  for (const auto& server : facts.servers) servers[server.state].push_back(checks::server_text(server.id));
  if (servers.size() == 1) return std::string(checks::to_string(servers.begin()->first));
  std::vector<std::string> texts;
  for (const auto& [state, names] : servers)
    texts.push_back(fmt::format("{} on {}", checks::to_string(state), checks::join_some(names)));
  return fmt::format("{}", fmt::join(texts, "; "));
}

}  // namespace

std::vector<std::string> dnssec_lines(const checks::Report& report) {
  std::vector<std::string> lines;
  for (const auto& facts : report.dnssec) {
    std::string& line = lines.emplace_back();
    if (report.dnssec.size() > 1) line = facts.owner.to_string() + ": ";
    line += fmt::format("{}: {}", states_text(facts), chain_text(facts));
    const auto first = std::ranges::min_element(facts.servers, {}, [](const checks::ServerSecurity& server) {
      return server.expires.value_or(std::chrono::sys_seconds::max());
    });
    if (first != facts.servers.end() && first->expires)
      line += fmt::format("; the first signature expires at {}", checks::time_text(*first->expires));
  }
  return lines;
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
