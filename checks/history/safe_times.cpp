#include "checks/history/safe_times.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "checks/answers/chain_answers.hpp"
#include "checks/answers/delegation_facts.hpp"
#include "checks/answers/server_answer.hpp"

namespace dkimprobe::checks {

std::string no_way_sentence(const probe::Observation& observation) {
  std::vector<ServerRow> rows;
  for (const auto& hop : read_answers(observation.key).hops) {
    if (has_no_network(hop)) {
      return "This machine has no network: it has no route to any server that it needs. Bring its network up "
             "and run this again.";
    }
    rows.insert(rows.end(), hop.rows.begin(), hop.rows.end());
  }
  return no_way_sentence(rows);
}

std::string no_way_sentence(std::span<const ServerRow> rows) {
  std::set<config::Family> missing;
  std::set<config::Family> asked;
  for (const auto& row : rows) {
    if (row.not_asked == probe::NotAsked::no_route) missing.insert(row.id.address.ip.family());
    if (row.not_asked == probe::NotAsked::asked) asked.insert(row.id.address.ip.family());
  }
  // Without servers of the other family, probing cannot go on.
  if (missing.size() != 1 || asked.empty()) return {};
  const bool is_ipv6 = *missing.begin() == config::Family::ipv6;
  return fmt::format(
      "This machine has no {0}: give {1} to go on without it, and the other addresses of the same "
      "nameservers count instead; or probe from a machine that has {0}.",
      is_ipv6 ? "IPv6" : "IPv4", is_ipv6 ? "-4" : "-6");
}

std::optional<std::chrono::seconds> earlier_domainkey_absence(const probe::Observation& observation,
                                                              const RotationPolicy& policy) {
  const auto domainkey = config::domainkey_name(observation.domain);
  const ChainAnswers answers = read_answers(observation.key);
  if (!domainkey || answers.hops.empty()) return std::nullopt;
  const HopAnswers& hop = answers.hops.front();
  // If a zone begins there, its contents may have come with it.
  if (hop.hop->delegation.zone.is_at_or_below(*domainkey)) return policy.unknown_wait;
  const auto is_published = [](const ServerAnswer& answer) {
    return answer.outcome == ServerOutcome::answered;
  };
  for (const auto& adsp : read_answers(observation.adsp).hops) {
    if (std::ranges::any_of(adsp.servers, is_published)) return std::nullopt;
  }
  std::optional<std::chrono::seconds> longest;
  for (const auto& server : hop.servers) {
    const bool is_there =
        is_whole(server.domainkey.outcome) && server.domainkey.outcome != ServerOutcome::nxdomain;
    const bool has_text = server.domainkey.outcome == ServerOutcome::answered;
    if (has_text || (is_there && is_whole(server.outcome) && !is_published(server))) return std::nullopt;
    if (const auto* const soa = server.soa_record)
      longest = std::max(longest.value_or(std::chrono::seconds{0}), std::chrono::seconds{negative_ttl(*soa)});
  }
  return longest.value_or(policy.unknown_wait);
}

std::string_view to_string(Readiness readiness) {
  switch (readiness) {
    case Readiness::ready:
      return "ready";
    case Readiness::wait:
      return "wait";
    case Readiness::not_ready:
      return "not_ready";
    case Readiness::unknown:
      return "unknown";
  }
  return "";
}

std::string_view to_string(Progress progress) {
  switch (progress) {
    case Progress::match:
      return "match";
    case Progress::mismatch:
      return "mismatch";
    case Progress::corrupted:
      return "corrupted";
    case Progress::revoked:
      return "revoked";
    case Progress::absent:
      return "absent";
    case Progress::unknown:
      return "unknown";
  }
  return "";
}

std::string_view to_string(CacheState state) {
  switch (state) {
    case CacheState::denied:
      return "denied";
    case CacheState::other:
      return "other";
    case CacheState::expected:
      return "expected";
    case CacheState::empty:
      return "empty";
    case CacheState::hidden:
      return "hidden";
    case CacheState::unknown:
      return "unknown";
  }
  return "";
}

}  // namespace dkimprobe::checks
