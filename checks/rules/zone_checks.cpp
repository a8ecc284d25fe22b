// Faults of all servers of a name together, of the delegation of its zone, and of the chain of aliases.
// Servers are compared by what a verifier gets in the end: the TXT texts with their strings joined, not the
// raw answer, its order or its TTLs. A server without a complete answer is not compared.
#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/answers/delegation_facts.hpp"
#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;
using probe::HostOutcome;
using probe::Response;

constexpr std::size_t long_chain_steps = 3;
constexpr std::size_t too_long_chain_steps = 8;
constexpr std::uint32_t high_negative_ttl_seconds = 3 * 3'600;
constexpr std::uint32_t high_positive_ttl_seconds = 24 * 3'600;
constexpr std::uint32_t very_high_negative_ttl_seconds = 24 * 3'600;

std::string servers_text(const std::vector<ServerId>& servers) {
  std::vector<std::string> parts;
  parts.reserve(servers.size());
  for (const ServerId& server : servers) parts.push_back(server_text(server));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string zone_text(const HopAnswers& hop) {
  return hop.hop->delegation.zone.to_string();
}

std::string what_text(const AnswerGroup& group, const Evidence& evidence) {
  std::string text = published_text(evidence, group);
  if (group.owner != evidence.answers.hops.front().hop->owner)
    text += fmt::format(" at {}", group.owner.to_string());
  return text;
}

/// "Ed25519 (key SHA-256 ...) from ns1.example.com (192.0.2.1); NXDOMAIN from ns2.example.com (192.0.2.2)"
std::string groups_text(const std::vector<AnswerGroup>& groups, const Evidence& evidence) {
  std::vector<std::string> parts;
  // Which servers of the first name point to a group matters only if they point to different ones.
  const bool ways_part = evidence.answers.hops.front().groups.size() > 1;
  for (const AnswerGroup& group : groups) {
    parts.push_back(fmt::format("{} from {}", what_text(group, evidence), servers_text(group.servers)));
    if (ways_part && !group.led_here.empty())
      parts.back() += fmt::format(" (reached through the alias at {})", servers_text(group.led_here));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

void report(Verdict& verdict, std::vector<ServerId> servers, std::string detail, std::string remedy,
            std::optional<Severity> severity = std::nullopt) {
  Finding finding;
  finding.servers = std::move(servers);
  finding.detail = std::move(detail);
  finding.remedy = std::move(remedy);
  verdict.found(std::move(finding), severity);
}

bool any_server(const Evidence& evidence, bool (*holds)(const ServerAnswer&)) {
  return std::any_of(evidence.answers.hops.begin(), evidence.answers.hops.end(), [&](const HopAnswers& hop) {
    return std::any_of(hop.servers.begin(), hop.servers.end(), holds);
  });
}

bool gave_whole(const ServerAnswer& answer) {
  return answer.whole() != nullptr;
}

bool is_negative(ServerOutcome outcome) {
  return outcome == ServerOutcome::nodata || outcome == ServerOutcome::nxdomain;
}

/// One hop for each zone: the delegation of a zone is the same for all names in it.
std::vector<const HopAnswers*> distinct_zones(const Evidence& evidence) {
  std::vector<const HopAnswers*> zones;
  for (const HopAnswers& hop : evidence.answers.hops) {
    if (std::none_of(zones.begin(), zones.end(), [&](const HopAnswers* known) {
          return known->hop->delegation.zone == hop.hop->delegation.zone;
        })) {
      zones.push_back(&hop);
    }
  }
  return zones;
}

// ---- Servers that differ ----

void find_presence_differs(const Evidence& evidence, Verdict& verdict) {
  const auto& published = evidence.answers.published;
  if (published.empty()) return verdict.not_evaluated();
  // The parent zone sends resolvers to different servers: a check of its own reports that cause.
  if (parents_explain_differences(evidence.answers)) return;
  std::vector<ServerId> without;
  bool present = false;
  for (const AnswerGroup& group : published) {
    present = present || group.has_texts();
    if (!group.has_texts()) without.insert(without.end(), group.servers.begin(), group.servers.end());
  }
  if (!present || without.empty()) return;
  const std::string servers = servers_text(without);
  report(verdict, std::move(without),
         fmt::format("some servers publish the record, others answer that it does not exist: {}",
                     groups_text(published, evidence)),
         fmt::format("Update the zone on {} to match the other servers. If the record is new, do not sign "
                     "with it until every server has it.",
                     servers));
}

void find_answer_differs(const Evidence& evidence, Verdict& verdict) {
  std::vector<AnswerGroup> texts;
  for (const AnswerGroup& group : evidence.answers.published) {
    if (group.has_texts()) texts.push_back(group);
  }
  if (evidence.answers.published.empty()) return verdict.not_evaluated();
  if (texts.size() < 2 || parents_explain_differences(evidence.answers)) return;
  std::vector<ServerId> others;
  for (auto group = std::next(texts.begin()); group != texts.end(); ++group)
    others.insert(others.end(), group->servers.begin(), group->servers.end());
  const std::string servers = servers_text(others);
  report(
      verdict, std::move(others),
      fmt::format("the servers publish {} different records: {}", texts.size(), groups_text(texts, evidence)),
      fmt::format("Find out which record is correct and publish it on every server. These servers differ "
                  "from the largest group: {}.",
                  servers));
}

void find_rcode_differs(const Evidence& evidence, Verdict& verdict) {
  if (!any_server(evidence, gave_whole)) return verdict.not_evaluated();
  for (const HopAnswers& hop : evidence.answers.hops) {
    const auto is_absence = [](const AnswerGroup& g) { return is_negative(g.outcome); };
    // If some server has the record, `presence_differs_between_ns` reports the difference.
    if (hop.groups.size() < 2 || !std::all_of(hop.groups.begin(), hop.groups.end(), is_absence)) continue;
    report(verdict, hop.groups.back().servers,
           fmt::format("the servers agree that {} has no TXT record, but not on whether the name exists: {}",
                       hop.hop->owner.to_string(), groups_text(hop.groups, evidence)),
           fmt::format(
               "Compare the zone {} on these servers. Either some of them have other records at or below the "
               "name, or their software returns NXDOMAIN for names that only have names below them.",
               zone_text(hop)));
  }
}

std::string ways_text(const ServerAnswer& answer) {
  std::vector<std::string> parts;
  const std::pair<const TransportAttempts*, const char*> ways[] = {
      {&answer.plain, "over UDP"}, {&answer.edns, "over UDP with EDNS"}, {&answer.tcp, "over TCP"}};
  for (const auto& [attempts, way] : ways) {
    if (attempts->response() == nullptr) continue;
    ServerAnswer alone;
    alone.outcome = attempts->outcome;
    alone.whole_exchange = attempts->deciding;
    std::string says = describe(alone);
    if (const auto texts = sorted_texts(*attempts->response()); texts.size() == 1) {
      const KeyRecord record = read_key_record(texts.front());
      if (record.key && !record.key->sha256.empty()) says = with_fingerprint(describe(record), *record.key);
    }
    if (const auto& edns = attempts->response()->edns; edns && edns->nsid)
      says += fmt::format(" (instance {})", config::escape_text(*edns->nsid, 40));
    parts.push_back(fmt::format("{}: {}", way, says));
  }
  return join_some(parts);
}

void find_instances_differ(const Evidence& evidence, Verdict& verdict) {
  const auto answered_twice = [](const ServerAnswer& answer) {
    const TransportAttempts* const ways[] = {&answer.plain, &answer.edns, &answer.tcp};
    return std::count_if(std::begin(ways), std::end(ways),
                         [](const TransportAttempts* t) { return is_whole(t->outcome); }) > 1 ||
           answer.disagrees_with_itself;
  };
  if (!any_server(evidence, answered_twice)) return verdict.not_evaluated();
  for (const HopAnswers& hop : evidence.answers.hops) {
    for (const ServerAnswer& answer : hop.servers) {
      // `ns_case_sensitive` reports a name that is denied in mixed case.
      if (!answer.disagrees_with_itself || denies_mixed_case(answer)) continue;
      report(verdict, {answer.id},
             fmt::format("{} gives different answers for {}: {}", server_text(answer.id),
                         hop.hop->owner.to_string(), ways_text(answer)),
             fmt::format("Load the same zone on every machine that answers at {}. If a load balancer "
                         "distributes the queries, remove the machine that differs.",
                         answer.id.address.ip.to_string()));
    }
  }
}

void find_soa_missing(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const HopAnswers& hop : evidence.answers.hops) {
    std::vector<ServerId> without;
    for (const ServerAnswer& answer : hop.servers) {
      if (answer.is_stray()) continue;
      bool missing = false;
      for (const TransportAttempts* attempts :
           {&answer.plain, &answer.edns, &answer.tcp, &answer.wildcard_probe}) {
        if (!is_negative(attempts->outcome)) continue;
        judged = true;
        missing = missing || attempts->response()->soa.empty();
      }
      if (missing) without.push_back(answer.id);
    }
    if (without.empty()) continue;
    const std::string servers = servers_text(without);
    report(verdict, std::move(without),
           fmt::format("{} returned a negative answer for a name in {} without the SOA record that limits "
                       "how long it may be cached",
                       servers, zone_text(hop)),
           fmt::format(
               "Configure {} to put the SOA record of {} into the authority section of negative answers.",
               servers, zone_text(hop)));
  }
  if (!judged) verdict.not_evaluated();
}

/// Since when a server has been behind with this serial; empty when the history does not show it.
std::optional<WallTime> behind_since(const Evidence& evidence, const HopAnswers& hop,
                                     const ServerAnswer& answer) {
  for (const ServerTimeline& timeline : evidence.history.servers) {
    if (timeline.owner == hop.hop->owner && timeline.server.address == answer.id.address && timeline.lag &&
        timeline.lag->serial == answer.soa_record->serial)
      return timeline.lag->since;
  }
  return std::nullopt;
}

void find_serial_drift(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  bool unknown = false;
  for (const HopAnswers& hop : evidence.answers.hops) {
    for (std::size_t i = 0; i < hop.servers.size(); ++i) {
      const ServerAnswer& answer = hop.servers[i];
      if (answer.soa_record == nullptr || answer.is_stray()) continue;
      judged = true;
      const probe::SoaRecord* const newest = newest_serial(hop, answer);
      // If it publishes something else as well, `ns_stale` reports it.
      if (newest == nullptr || (hop.rows[i].group != 'A' && hop.rows[i].group != ' ')) continue;
      const auto since = behind_since(evidence, hop, answer);
      if (!since) {
        unknown = true;  // being behind for REFRESH is normal, and one probe cannot show how long it has been
        continue;
      }
      const auto behind = std::chrono::floor<std::chrono::seconds>(*evidence.history.last_probe - *since);
      if (behind <= std::chrono::seconds{answer.soa_record->refresh_seconds}) continue;
      Finding finding;
      finding.servers = {answer.id};
      finding.detail = fmt::format(
          "{} has been at serial {} of {} for at least {} s while other servers are at {}; REFRESH is {} s",
          server_text(answer.id), answer.soa_record->serial, hop.hop->delegation.zone.to_string(),
          behind.count(), newest->serial, answer.soa_record->refresh_seconds);
      finding.remedy = fmt::format(
          "Find out why {} does not transfer the zone {}: check its primary, NOTIFY, TSIG key and log.",
          server_text(answer.id), hop.hop->delegation.zone.to_string());
      verdict.found(std::move(finding));
    }
  }
  if (!judged || unknown) verdict.not_evaluated();
}

/// Servers by a property of their answer, for a group of servers that publish the same.
template <class Key, class Read>
std::map<Key, std::vector<ServerId>> by_property(const HopAnswers& hop, const AnswerGroup& group, Read read) {
  std::map<Key, std::vector<ServerId>> found;
  for (std::size_t i = 0; i < hop.servers.size(); ++i) {
    if (hop.rows[i].group == group.letter && hop.servers[i].whole() != nullptr)
      found[read(hop, i)].push_back(hop.servers[i].id);
  }
  return found;
}

/// All servers except those with the most common property.
template <class Key>
std::vector<ServerId> minority(const std::map<Key, std::vector<ServerId>>& found) {
  const auto commonest = std::max_element(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.second.size() < b.second.size();
  });
  std::vector<ServerId> others;
  for (auto it = found.begin(); it != found.end(); ++it) {
    if (it != commonest) others.insert(others.end(), it->second.begin(), it->second.end());
  }
  return others;
}

void find_split_differs(const Evidence& evidence, Verdict& verdict) {
  if (!any_server(evidence, gave_whole)) return verdict.not_evaluated();
  using Split = std::multiset<std::vector<std::string>>;
  for (const HopAnswers& hop : evidence.answers.hops) {
    for (const AnswerGroup& group : hop.groups) {
      if (!group.has_texts()) continue;
      const auto splits = by_property<Split>(hop, group, [](const HopAnswers& l, std::size_t i) {
        Split split;
        for (const auto& record : l.servers[i].whole()->txt) split.insert(record.strings);
        return split;
      });
      if (splits.size() < 2) continue;
      auto others = minority(splits);
      const std::string servers = servers_text(others);
      report(verdict, std::move(others),
             fmt::format("the servers split the same text at {} into strings in {} different ways; {} "
                         "differs from the majority",
                         hop.hop->owner.to_string(), splits.size(), servers),
             "No action is needed. Load the same zone on all servers if you want answers of the same size.");
    }
  }
}

void find_ttl_differs(const Evidence& evidence, Verdict& verdict) {
  if (!any_server(evidence, gave_whole)) return verdict.not_evaluated();
  for (const HopAnswers& hop : evidence.answers.hops) {
    for (const AnswerGroup& group : hop.groups) {
      if (group.outcome != ServerOutcome::answered) continue;
      const auto ttls = by_property<std::uint32_t>(
          hop, group, [](const HopAnswers& l, std::size_t i) { return l.rows[i].ttl_seconds.value_or(0); });
      if (ttls.size() < 2) continue;
      auto others = minority(ttls);
      const std::string servers = servers_text(others);
      report(
          verdict, std::move(others),
          fmt::format("the servers return TTLs from {} to {} s for the same answer at {}; {} differs from "
                      "the majority",
                      ttls.begin()->first, ttls.rbegin()->first, hop.hop->owner.to_string(), servers),
          fmt::format("Set the same TTL for the record at {} on every server.", hop.hop->owner.to_string()));
    }
  }
}

void find_ttl_zero(const Evidence& evidence, Verdict& verdict) {
  if (!any_server(evidence, gave_whole)) return verdict.not_evaluated();
  for (const HopAnswers& hop : evidence.answers.hops) {
    std::vector<ServerId> servers;
    for (const ServerRow& row : hop.rows) {
      if (row.ttl_seconds == 0U) servers.push_back(row.id);
    }
    if (servers.empty()) continue;
    const std::string owner = hop.hop->owner.to_string();
    report(
        verdict, std::move(servers),
        fmt::format("the answer at {} has TTL 0, so each verification queries the servers again", owner),
        fmt::format("Set the TTL of the record at {} to at least a few minutes, for example 3600 s.", owner));
  }
}

std::string no_way_remedy(const HopAnswers& hop) {
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

void find_quorum_unknown(const Evidence& evidence, Verdict& verdict) {
  if (evidence.answers.hops.empty()) return verdict.not_evaluated();
  for (const HopAnswers& hop : evidence.answers.hops) {
    const probe::Delegation& delegation = hop.hop->delegation;
    std::size_t wanted = 0;
    std::size_t answered = hop.answered();
    std::vector<ServerId> silent;
    // Then nothing is unknown: each server reports its failure itself.
    if (fails_everywhere(hop)) continue;
    for (const ServerAnswer& answer : hop.servers) {
      if (answer.is_stray()) continue;
      const probe::NotAsked reason = answer.server->not_asked;
      if (reason == probe::NotAsked::no_route || reason == probe::NotAsked::family_disabled) continue;
      ++wanted;
      if (answer.whole() != nullptr) continue;
      if (says_name_too_long(answer)) {
        ++answered;
      } else {
        silent.push_back(answer.id);
      }
    }
    if (answered > 0 && 2 * answered >= wanted) continue;
    // A check of its own reports that reason.
    if (hop.servers.empty() && (delegation.outcome == probe::DiscoveryOutcome::loop ||
                                delegation.outcome == probe::DiscoveryOutcome::budget_exhausted)) {
      continue;
    }
    const std::string owner = hop.hop->owner.to_string();
    if (has_no_network(hop)) {
      report(verdict, {},
             fmt::format("this machine has no network: it has no route to any server needed for {}", owner),
             "Bring up the network of this machine, then probe again.");
    } else if (hop.servers.empty()) {
      report(verdict, {},
             fmt::format("no server could be queried for {}: the search for its nameservers got no answer "
                         "from the servers of {}",
                         owner, delegation.stopped_at.to_string()),
             fmt::format("Check that this machine can reach the network and that the servers of {} answer.",
                         delegation.stopped_at.to_string()));
    } else if (wanted == 0) {
      report(verdict, {},
             fmt::format("this machine cannot query any of the servers for {}: it has no route to them, or "
                         "their address family is disabled",
                         owner),
             no_way_remedy(hop));
    } else {
      const std::string detail = fmt::format(
          "{} of {} servers gave a complete answer for {}, fewer than half", answered, wanted, owner);
      const auto sends_on = [&](const ServerAnswer& answer) { return refers_down(answer, hop); };
      report(verdict, std::move(silent), detail,
             std::ranges::any_of(hop.servers, sends_on)
                 ? "They refer to a zone below: pass the servers of that zone with --nameserver, or omit the "
                   "flag."
                 : fmt::format("See the findings for each server of {}, and probe again once they answer.",
                               zone_text(hop)));
    }
  }
}

void find_negative_ttl_high(const Evidence& evidence, Verdict& verdict) {
  // It only delays a record that is not published yet.
  if (evidence.expectation.role != config::Role::pending) return;
  if (evidence.answers.hops.empty()) return verdict.not_evaluated();
  const HopAnswers& hop = evidence.answers.hops.front();
  std::optional<std::uint32_t> highest;
  for (const ServerAnswer& answer : hop.servers) {
    if (answer.soa_record == nullptr) continue;
    const std::uint32_t ttl = std::min(answer.soa_record->ttl_seconds, answer.soa_record->minimum_seconds);
    highest = std::max(highest.value_or(ttl), ttl);
  }
  if (!highest) return verdict.not_evaluated();
  if (*highest <= high_negative_ttl_seconds) return;
  report(
      verdict, {},
      fmt::format("a resolver that asks before the key is published caches its absence for {} s; at most {} "
                  "s is recommended",
                  *highest, high_negative_ttl_seconds),
      fmt::format("Lower MINIMUM and the TTL of the SOA record of {} to 3600 s before you publish the key.",
                  zone_text(hop)),
      *highest > very_high_negative_ttl_seconds ? Severity::warning : Severity::notice);
}

void find_positive_ttl_high(const Evidence& evidence, Verdict& verdict) {
  // It only matters while the record may still change.
  if (evidence.expectation.role != config::Role::pending) return;
  if (evidence.texts.empty()) return verdict.not_evaluated();
  const ReadText* highest = &evidence.texts.front();
  for (const ReadText& text : evidence.texts) {
    if (text.published->ttl_seconds > highest->published->ttl_seconds) highest = &text;
  }
  const std::uint32_t ttl = highest->published->ttl_seconds;
  if (ttl <= high_positive_ttl_seconds || stands_elsewhere(evidence, *highest)) return;
  report(
      verdict, servers_of(evidence, *highest),
      fmt::format("the record at {} has a TTL of {} s; at most {} s is recommended until the key is in use",
                  published_at(*highest), ttl, high_positive_ttl_seconds),
      fmt::format("Set the TTL of the TXT record at {} to 3600 s until the key is in use.",
                  published_at(*highest)));
}

// ---- The chain of aliases ----

const HopAnswers* hop_at(const ChainAnswers& answers, const DomainName& owner) {
  const auto hop = std::find_if(answers.hops.begin(), answers.hops.end(),
                                [&](const HopAnswers& l) { return l.hop->owner == owner; });
  return hop == answers.hops.end() ? nullptr : &*hop;
}

/// The names of a loop that can be reached from `hop`, with the first name repeated at the end; empty without
/// a loop.
std::vector<DomainName> loop_from(const ChainAnswers& answers, const HopAnswers& hop,
                                  std::vector<DomainName> path) {
  const auto seen = std::find(path.begin(), path.end(), hop.hop->owner);
  if (seen != path.end()) {
    path.erase(path.begin(), seen);
    path.push_back(hop.hop->owner);
    return path;
  }
  path.push_back(hop.hop->owner);
  for (const AnswerGroup& group : hop.groups) {
    if (!group.alias) continue;
    const HopAnswers* next = hop_at(answers, *group.alias);
    if (next == nullptr) continue;
    auto loop = loop_from(answers, *next, path);
    if (!loop.empty()) return loop;
  }
  return {};
}

void find_cname_loop(const Evidence& evidence, Verdict& verdict) {
  const ChainAnswers& answers = evidence.answers;
  if (!any_server(evidence, gave_whole)) return verdict.not_evaluated();
  const auto loop = loop_from(answers, answers.hops.front(), {});
  if (loop.empty()) return;
  std::vector<std::string> names;
  names.reserve(loop.size());
  for (const DomainName& name : loop) names.push_back(name.to_string());
  report(verdict, {}, fmt::format("the aliases form a loop: {}", fmt::join(names, " -> ")),
         fmt::format("Point the alias at {} to the name that holds the key.", names.front()));
}

void find_missing_wildcard(const Evidence& evidence, Verdict& verdict) {
  if (evidence.answers.published.empty()) return verdict.not_evaluated();
  const auto wildcard = wildcard_alias(evidence);
  if (!wildcard || has_key_record(evidence)) return;
  const std::string name = evidence.answers.hops.front().hop->owner.to_string();
  Finding finding;
  finding.detail = fmt::format(
      "{} has no record of its own: the answer comes from the wildcard {}, an alias to {}, which has {}",
      name, wildcard->owner, wildcard->target.to_string(),
      evidence.texts.empty() ? "no TXT record" : "no key");
  finding.remedy = fmt::format(
      "Publish the key as a TXT record at {}, or stop signing with selector {}; the wildcard then no longer "
      "answers there.",
      name, evidence.observation.selector.to_string());
  verdict.found(std::move(finding));
}

void find_cname_dangling(const Evidence& evidence, Verdict& verdict) {
  const ChainAnswers& answers = evidence.answers;
  if (!answers.known) verdict.not_evaluated();
  // The alias of a wildcard was not made for the selector: `selector_missing_wildcard` reports it.
  if (wildcard_alias(evidence)) return;
  for (std::size_t i = 1; i < answers.hops.size(); ++i) {
    const HopAnswers& hop = answers.hops[i];
    if (hop.groups.empty() || !std::all_of(hop.groups.begin(), hop.groups.end(),
                                           [](const AnswerGroup& g) { return is_negative(g.outcome); })) {
      continue;
    }
    const std::string target = hop.hop->owner.to_string();
    std::vector<std::string> owners;
    std::vector<ServerId> servers;
    for (const HopAnswers& from : answers.hops) {
      for (const AnswerGroup& group : from.groups) {
        if (group.alias != hop.hop->owner) continue;
        owners.push_back(from.hop->owner.to_string());
        servers.insert(servers.end(), group.servers.begin(), group.servers.end());
      }
    }
    report(verdict, std::move(servers),
           fmt::format("{} is an alias to {}, which has no record: {}", join_some(owners), target,
                       groups_text(hop.groups, evidence)),
           fmt::format(
               "Publish the key at {}, ask the provider that runs that zone to do so, or remove the alias.",
               target));
  }
}

void find_cname_with_other_data(const Evidence& evidence, Verdict& verdict) {
  if (!any_server(evidence, gave_whole)) return verdict.not_evaluated();
  for (const HopAnswers& hop : evidence.answers.hops) {
    std::vector<ServerId> servers;
    for (const ServerAnswer& answer : hop.servers) {
      for (const TransportAttempts* attempts : {&answer.plain, &answer.edns, &answer.tcp}) {
        if (attempts->outcome != ServerOutcome::answered || attempts->response()->txt.empty()) continue;
        const auto& aliases = attempts->response()->aliases;
        const bool both =
            std::any_of(aliases.begin(), aliases.end(), [](const auto& a) { return !a.is_dname; });
        if (!both) continue;
        servers.push_back(answer.id);
        break;
      }
    }
    if (servers.empty()) continue;
    const std::string owner = hop.hop->owner.to_string();
    const std::string where = servers_text(servers);
    report(verdict, std::move(servers),
           fmt::format("{} returned both a CNAME and a TXT record at {}", where, owner),
           fmt::format("Keep only one of the two at {}: the CNAME or the TXT record.", owner));
  }
}

void find_chain_long(const Evidence& evidence, Verdict& verdict) {
  if (!evidence.answers.known) verdict.not_evaluated();
  const bool endless = evidence.observation.key.outcome == probe::ChainOutcome::too_long;
  const std::size_t steps = evidence.answers.longest_path;
  if (!endless && steps <= long_chain_steps) return;
  report(verdict, {},
         fmt::format("there are {}{} aliases between the selector and its key; at most {} are recommended",
                     endless ? "more than " : "", steps, long_chain_steps),
         fmt::format("Point {} directly to the name that holds the key.",
                     evidence.answers.hops.front().hop->owner.to_string()),
         endless || steps > too_long_chain_steps ? Severity::warning : Severity::notice);
}

void find_dname(const Evidence& evidence, Verdict& verdict) {
  if (!evidence.answers.known) verdict.not_evaluated();
  for (const AliasFact& alias : evidence.answers.aliases) {
    if (!alias.is_dname) continue;
    report(verdict, {},
           fmt::format("a DNAME at {} points to {}", alias.owner.to_string(), alias.target.to_string()),
           fmt::format("No action is needed. A CNAME at the selector instead of the DNAME at {} works better "
                       "with old resolvers.",
                       alias.owner.to_string()));
  }
}

/// The zone whose servers answer for the name: the deepest zone above it. For the apex of a zone and for
/// names above it, that is a parent zone.
DomainName zone_that_denies(const probe::Delegation& delegation, const DomainName& denied) {
  DomainName zone;
  for (const probe::ZoneCut& cut : delegation.cuts) {
    if (denied != cut.apex && denied.is_at_or_below(cut.apex)) zone = cut.apex;
  }
  return zone;
}

/// The servers that denied the name during the delegation walk; none when an earlier walk got the denial.
std::vector<ServerId> denying_on_the_way(const probe::Delegation& delegation, const DomainName& denied) {
  std::vector<ServerId> servers;
  for (const auto& walked : delegation.exchanges) {
    const auto& response = walked.exchange.response;
    if (walked.exchange.question_name != denied || !response || response->rcode != probe::Rcode::nxdomain)
      continue;
    ServerId id{{}, walked.server};
    for (const probe::ZoneCut& cut : delegation.cuts) {
      const auto parent = std::ranges::find(cut.parents, walked.server, &probe::ParentAnswer::address);
      if (parent != cut.parents.end() && !parent->names.empty()) id.name = parent->names.front().to_string();
    }
    if (std::find(servers.begin(), servers.end(), id) == servers.end()) servers.push_back(std::move(id));
  }
  return servers;
}

void find_ent_nxdomain(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  std::vector<DomainName> told;
  for (const HopAnswers& hop : evidence.answers.hops) {
    const probe::Delegation& delegation = hop.hop->delegation;
    if (hop.answered() == 0) continue;
    judged = true;
    const bool exists = std::any_of(hop.groups.begin(), hop.groups.end(), [](const AnswerGroup& g) {
      return g.outcome == ServerOutcome::answered;
    });
    if (!exists) continue;
    const bool is_signed = std::any_of(hop.servers.begin(), hop.servers.end(), [](const ServerAnswer& a) {
      return a.whole() != nullptr && a.whole()->has_rrsig;
    });
    const auto tell = [&](const DomainName& denied, const DomainName& zone, std::vector<ServerId> servers) {
      if (std::find(told.begin(), told.end(), denied) != told.end()) return;
      told.push_back(denied);
      const std::string who = servers.empty() ? fmt::format("the servers of {} returned", zone.to_string())
                                              : servers_text(servers) + " returned";
      report(verdict, std::move(servers),
             fmt::format("{} NXDOMAIN for {}, although the record {} exists below it", who,
                         denied.to_string(), hop.hop->owner.to_string()),
             fmt::format("Make the servers of {} answer NOERROR for {}: update their software, or publish a "
                         "TXT record with any text at that name.",
                         zone.to_string(), denied.to_string()),
             is_signed && zone == delegation.zone ? Severity::critical : Severity::warning);
    };
    std::vector<ServerId> denying;
    const DomainName* domainkey = nullptr;
    for (const ServerAnswer& answer : hop.servers) {
      if (answer.is_stray() || answer.outcome != ServerOutcome::answered ||
          answer.domainkey.outcome != ServerOutcome::nxdomain)
        continue;
      denying.push_back(answer.id);
      domainkey = &answer.domainkey.deciding->question_name;
    }
    if (domainkey != nullptr) tell(*domainkey, delegation.zone, std::move(denying));
    // A server that does not have the record either may deny the name.
    const bool all_have_it = std::all_of(hop.groups.begin(), hop.groups.end(), [](const AnswerGroup& group) {
      return group.outcome == ServerOutcome::answered;
    });
    if (!all_have_it) continue;
    for (const DomainName& denied : delegation.denied) {
      if (denied == hop.hop->owner || !hop.hop->owner.is_at_or_below(denied)) continue;
      // A parent server without the delegation may deny the name: `cut_missing_on_ns` reports that.
      if (std::ranges::find(delegation.cuts, denied, &probe::ZoneCut::apex) != delegation.cuts.end())
        continue;
      tell(denied, zone_that_denies(delegation, denied), denying_on_the_way(delegation, denied));
    }
  }
  if (!judged) verdict.not_evaluated();
}

// ---- Delegation ----

std::set<DomainName> targets_of(const std::vector<probe::NsRecord>& records) {
  std::set<DomainName> names;
  for (const auto& record : records) names.insert(record.target);
  return names;
}

std::string names_text(const std::set<DomainName>& names) {
  std::vector<std::string> parts;
  parts.reserve(names.size());
  for (const DomainName& name : names) parts.push_back(name.to_string());
  return parts.empty() ? std::string("none") : join_some(parts);
}

std::set<DomainName> without(const std::set<DomainName>& from, const std::set<DomainName>& taken) {
  std::set<DomainName> rest;
  std::set_difference(from.begin(), from.end(), taken.begin(), taken.end(), std::inserter(rest, rest.end()));
  return rest;
}

struct ChildSet {
  std::set<DomainName> names{};
  std::vector<ServerId> servers{};
};

/// The NS sets that the servers of a zone return for it, each distinct set once.
std::vector<ChildSet> child_sets(const HopAnswers& hop, const probe::ZoneCut& cut) {
  std::vector<ChildSet> sets;
  if (cut.apex == hop.hop->delegation.zone) {
    for (const ServerAnswer& answer : hop.servers) {
      const Response* response = answer.ns.response();
      if (answer.is_stray() || response == nullptr || !response->authoritative || response->ns.empty())
        continue;
      const auto names = targets_of(response->ns);
      auto same = std::find_if(sets.begin(), sets.end(), [&](const ChildSet& s) { return s.names == names; });
      if (same == sets.end()) same = sets.insert(sets.end(), ChildSet{names, {}});
      same->servers.push_back(answer.id);
    }
  }
  if (sets.empty() && !cut.child_ns.empty()) sets.push_back({targets_of(cut.child_ns), {}});
  return sets;
}

/// Whether the owner of the domain, or the operator of the zone of an alias's target, is responsible for the
/// cut; the registries are responsible for those above.
bool is_own_cut(const probe::ZoneCut& cut, const HopAnswers& hop, const Evidence& evidence) {
  return cut.apex == hop.hop->delegation.zone || cut.apex.is_at_or_below(evidence.observation.domain);
}

void find_parent_child_mismatch(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  std::vector<DomainName> told;
  for (const HopAnswers& hop : evidence.answers.hops) {
    for (std::size_t at = 0; at < hop.cuts.size(); ++at) {
      const probe::ZoneCut& cut = hop.hop->delegation.cuts[at];
      if (!is_own_cut(cut, hop, evidence) || std::find(told.begin(), told.end(), cut.apex) != told.end())
        continue;
      // Then the parents differ, or this network has its own view of the zone.
      if (hop.cuts[at].groups.size() > 1 || (cut.apex == hop.hop->delegation.zone && is_internal_view(hop)))
        continue;
      const auto parent = targets_of(cut.parent_ns);
      const auto children = child_sets(hop, cut);
      if (parent.empty() || children.empty()) continue;
      judged = true;
      for (const ChildSet& child : children) {
        if (child.names == parent) continue;
        told.push_back(cut.apex);
        const std::string zone = cut.apex.to_string();
        report(verdict, child.servers,
               fmt::format("the NS records of {} differ: only at its parent: {}; only in the zone itself: {}",
                           zone, names_text(without(parent, child.names)),
                           names_text(without(child.names, parent))),
               fmt::format("Publish the same NS records for {} at its parent (through the registrar or the "
                           "operator of the parent zone) and in the zone itself.",
                           zone));
      }
    }
  }
  if (!judged) verdict.not_evaluated();
}

void find_single_ns(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const HopAnswers* hop : distinct_zones(evidence)) {
    const probe::Delegation& delegation = hop->hop->delegation;
    if (delegation.outcome != probe::DiscoveryOutcome::complete || delegation.nameservers.empty()) continue;
    judged = true;
    std::set<config::Address> addresses;
    bool each_has_one = true;
    for (const auto& nameserver : delegation.nameservers) {
      if (nameserver.glue.empty() && nameserver.addresses.empty()) each_has_one = false;
      addresses.insert(nameserver.glue.begin(), nameserver.glue.end());
      addresses.insert(nameserver.addresses.begin(), nameserver.addresses.end());
    }
    const bool one_name = delegation.nameservers.size() == 1 && delegation.nameservers_cut_off.empty();
    if (!one_name && (!each_has_one || addresses.size() != 1)) continue;
    const std::string zone = delegation.zone.to_string();
    report(verdict, {},
           one_name ? fmt::format("{} has only one nameserver, {}", zone,
                                  delegation.nameservers.front().name.to_string())
                    : fmt::format("the {} nameservers of {} share one address, {}",
                                  delegation.nameservers.size(), zone, addresses.begin()->to_string()),
           fmt::format("Add a second nameserver for {} in another network.", zone));
  }
  if (!judged) verdict.not_evaluated();
}

/// Calls `tell` once for each nameserver name of the zones.
template <class Tell>
void for_each_nameserver(const Evidence& evidence, Verdict& verdict, Tell tell) {
  bool judged = false;
  std::set<DomainName> seen;
  for (const HopAnswers& hop : evidence.answers.hops) {
    for (const auto& nameserver : hop.hop->delegation.nameservers) {
      if (nameserver.host == HostOutcome::unknown) continue;
      judged = true;
      if (seen.insert(nameserver.name).second) tell(nameserver, hop.hop->delegation.zone.to_string());
    }
  }
  if (!judged) verdict.not_evaluated();
}

void find_ns_is_cname(const Evidence& evidence, Verdict& verdict) {
  for_each_nameserver(evidence, verdict, [&](const probe::Nameserver& nameserver, const std::string& zone) {
    if (nameserver.host != HostOutcome::is_alias) return;
    const std::string name = nameserver.name.to_string();
    report(verdict, {}, fmt::format("{}, a nameserver of {}, is an alias (CNAME)", name, zone),
           fmt::format("Replace the CNAME at {} with A or AAAA records, or put the target of the CNAME into "
                       "the NS records of {}.",
                       name, zone));
  });
}

std::set<config::Address> of_family(const std::vector<config::Address>& addresses, config::Family family) {
  std::set<config::Address> found;
  for (const auto& address : addresses) {
    if (address.family() == family) found.insert(address);
  }
  return found;
}

std::string addresses_text(const std::set<config::Address>& addresses) {
  std::vector<std::string> parts;
  parts.reserve(addresses.size());
  for (const auto& address : addresses) parts.push_back(address.to_string());
  return join_some(parts);
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
      auto more = addresses;
      for (const config::Address& address : glue) more.erase(address);
      const bool has_all = more.size() + glue.size() == addresses.size();
      report(verdict, {},
             fmt::format("the parent of {} gives {} for {}, but the host's own zone gives {}", zone,
                         addresses_text(glue), name, addresses_text(addresses)),
             has_all ? fmt::format("If {0} is correct for {1}, add it to the glue {2}. Otherwise remove it "
                                   "from the zone that contains {1}, on each of its servers.",
                                   addresses_text(more), name, where)
                     : fmt::format("Correct the glue of {} {}.", name, where));
    }
  });
}

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
    report(
        verdict, {},
        circling.empty()
            ? fmt::format("the delegation of {} depends on itself", zone)
            : fmt::format("the address of {}, a nameserver of {}, can only be found if it is already known",
                          join_some(circling), zone),
        fmt::format("Give a nameserver of {} a name inside that zone, with glue at the parent, or a name in "
                    "a zone that does not depend on it.",
                    zone),
        nobody_gets_there(*hop) ? std::optional(Severity::critical) : std::nullopt);
  }
}

/// What was left out at the servers of one name, and which limits would have to be raised.
struct LeftOut {
  std::vector<std::string> what{};
  std::set<std::string_view> bounds{};
  bool too_many_servers = false;
};

LeftOut left_out_at(const HopAnswers& hop) {
  const probe::Delegation& delegation = hop.hop->delegation;
  LeftOut left;
  for (const DomainName& name : delegation.nameservers_cut_off) {
    left.what.push_back(name.to_string());
    left.bounds.insert("max_nameservers");
    left.too_many_servers = true;
  }
  for (const auto& nameserver : delegation.nameservers) {
    if (nameserver.host != HostOutcome::budget_exhausted) continue;
    left.what.push_back(nameserver.name.to_string());
    left.bounds.insert({"discovery_timeout", "max_discovery_queries", "max_unresolvable"});
    left.too_many_servers = true;
  }
  for (const ServerAnswer& answer : hop.servers) {
    if (answer.server->not_asked == probe::NotAsked::budget_exhausted) {
      left.what.push_back(server_text(answer.id));
      left.bounds.insert("max_addresses");
      left.too_many_servers = true;
    }
    if (!answer.server->cut_short) continue;
    left.what.push_back("further queries to " + server_text(answer.id));
    const auto& exchanges = answer.server->exchanges;
    const bool no_time = std::any_of(exchanges.begin(), exchanges.end(), [](const auto& exchange) {
      return exchange.outcome == probe::Outcome::interrupted;
    });
    left.bounds.insert(no_time ? "probe_timeout" : "max_exchanges");
  }
  return left;
}

/// The zone has no fault: the rate limit makes this many queries take longer than the probe may.
void report_rate_shortage(const probe::RateShortage& shortage, const LeftOut& left,
                          std::chrono::microseconds took, Verdict& verdict) {
  const auto needed = std::chrono::ceil<std::chrono::seconds>(shortage.needed).count();
  std::string detail =
      fmt::format("{} need about {} s at the rate limit ({} queries to {}), but the probe ended after {}",
                  shortage.selectors == 1 ? "the queries for 1 selector"
                                          : fmt::format("{} selectors", shortage.selectors),
                  needed, shortage.queries,
                  shortage.server.port == 53 ? shortage.server.ip.to_string() : shortage.server.to_string(),
                  seconds_text(took));
  if (!left.what.empty()) detail += fmt::format("; left out: {}", join_some(left.what));
  report(verdict, {}, std::move(detail),
         fmt::format("Raise `probe_timeout` to at least {} s (--probe-timeout={}s){}.", needed, needed,
                     shortage.selectors == 1 ? "" : ", or probe fewer selectors at a time"));
}

void find_budget_exhausted(const Evidence& evidence, Verdict& verdict) {
  const auto& shortage = evidence.observation.rate_shortage;
  for (const HopAnswers* hop : distinct_zones(evidence)) {
    const probe::Delegation& delegation = hop->hop->delegation;
    LeftOut left = left_out_at(*hop);
    const bool whole = delegation.outcome == probe::DiscoveryOutcome::budget_exhausted;
    if (!whole && left.what.empty()) continue;
    if (shortage && (whole || left.bounds.contains("probe_timeout"))) {
      report_rate_shortage(*shortage, left, evidence.observation.took, verdict);
      continue;
    }
    const std::string zone = delegation.zone.to_string();
    std::string detail = whole ? fmt::format("the search for the servers of {} ended before it was complete",
                                             hop->hop->owner.to_string())
                               : fmt::format("not every server of {} was queried", zone);
    if (!left.what.empty()) detail += fmt::format("; left out: {}", join_some(left.what));
    if (whole) left.bounds.insert({"probe_timeout", "discovery_timeout", "max_discovery_queries"});
    report(verdict, {}, std::move(detail),
           fmt::format("Raise {}{}.", fmt::join(left.bounds, " or "),
                       left.too_many_servers || whole
                           ? fmt::format(", or use fewer nameservers for {}, with names whose addresses take "
                                         "fewer steps to find",
                                         zone)
                           : ""));
  }
}

constexpr Check zone_rows[] = {
    {.name = "presence_differs_between_ns",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::critical,
     .roles = {.pending = RoleEffect::notice, .standby = RoleEffect::notice},
     .reference = "RFC 1034 section 4.3.5",
     .summary = "some servers publish the record, others answer that it does not exist",
     .effect = "signatures fail for receivers whose resolver asks a server without the record",
     .remedy = "Load the same zone on every server.",
     .example = {Example::behaviour, "ns1 returns the key, ns2 returns NXDOMAIN."},
     .find = find_presence_differs},
    {.name = "answer_differs_between_ns",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::critical,
     .roles = {.pending = RoleEffect::notice, .standby = RoleEffect::notice},
     .reference = "RFC 1034 section 4.3.5",
     .summary = "the servers publish different records",
     .effect = "signatures fail for receivers whose resolver asks the wrong server",
     .remedy = "Load the same zone on every server.",
     .example = {Example::behaviour, "ns1 returns the new key, ns2 the previous one."},
     .find = find_answer_differs},
    {.name = "cname_loop",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::critical,
     .reference = "RFC 1034 section 3.6.2",
     .summary = "the aliases form a loop",
     .effect = "no verifier gets the key",
     .remedy = "Point the CNAME at `SELECTOR._domainkey.DOMAIN` to the name that holds the key.",
     .example = {Example::behaviour, "s1 is an alias to s2, and s2 is an alias to s1."},
     .find = find_cname_loop},
    {.name = "selector_missing_wildcard",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::critical,
     .roles = {.pending = RoleEffect::clear,
               .standby = RoleEffect::clear,
               .retired = RoleEffect::not_evaluated},
     .reference = "RFC 4592 section 3.3.1",
     .summary = "the selector has no record of its own, and a wildcard's alias answers instead",
     .effect = "every signature made with this selector fails",
     .remedy = "Publish the key record as TXT at `SELECTOR._domainkey.DOMAIN`.",
     .example = {Example::behaviour,
                 "*.example.com is an alias to www.example.com, and s1._domainkey.example.com has no "
                 "record of its own."},
     .find = find_missing_wildcard},
    {.name = "cname_dangling",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::critical,
     .roles = {.pending = RoleEffect::clear,
               .standby = RoleEffect::clear,
               .retired = RoleEffect::not_evaluated},
     .reference = "RFC 6376 section 6.1.2",
     .summary = "the alias points to a name without a record",
     .effect = "no verifier gets the key",
     .remedy = "Publish the key record at the target, or remove the alias; the provider of the target "
               "knows which is right.",
     .example = {Example::behaviour,
                 "s1._domainkey.example.com is an alias to s1.provider.example, which returns NXDOMAIN."},
     .find = find_cname_dangling},
    {.name = "ent_nxdomain",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::critical,
     .reference = "RFC 8020 section 2",
     .summary = "a name above the selector gets NXDOMAIN although the selector exists",
     .effect = "resolvers that trust the NXDOMAIN never ask for the selector",
     .remedy = "Make the servers answer NOERROR for that name.",
     .example = {Example::behaviour,
                 "_domainkey.example.com gets NXDOMAIN, but s1._domainkey.example.com has a key."},
     .find = find_ent_nxdomain},
    {.name = "rcode_differs_between_ns",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 2308 section 5",
     .summary = "servers without the record disagree on whether the name exists",
     .effect =
         "some resolvers cache that the record does not exist, others that the whole name does not exist",
     .remedy = "Load the same zone on every server.",
     .example = {Example::behaviour, "Neither has a key: ns1 returns NXDOMAIN, ns2 NOERROR."},
     .find = find_rcode_differs},
    {.name = "anycast_instances_differ",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 4786 section 4.6",
     .summary = "one server address gives different answers",
     .effect = "whether a signature passes depends on which machine answers the resolver",
     .remedy = "Load the same zone on every machine behind the address.",
     .example = {Example::behaviour, "192.0.2.1 returns the new key, and a second later the old one."},
     .find = find_instances_differ},
    {.name = "soa_missing_in_negative",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 2308 section 3",
     .summary = "a negative answer lacks the SOA record",
     .effect = "resolvers should not cache such an answer, so they ask again and again",
     .remedy = "Put the SOA record into negative answers.",
     .example = {Example::behaviour, "ns2 returns NXDOMAIN with an empty authority section."},
     .find = find_soa_missing},
    {.name = "cname_with_other_data",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 1034 section 3.6.2",
     .summary = "a CNAME and a TXT record exist at the same name",
     .effect = "resolvers differ in which of the two they return to a verifier",
     .remedy = "Keep either the CNAME or the TXT record and delete the other.",
     .example = {Example::behaviour, "ns2 returns a CNAME and a TXT record for s1._domainkey."},
     .find = find_cname_with_other_data},
    {.name = "deleg_parent_child_mismatch",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 1034 section 4.2.2",
     .summary = "the parent and the zone list different nameservers",
     .effect = "some servers are never asked, or resolvers ask servers that are no longer maintained",
     .remedy = "Publish the same NS records in the parent and in the zone.",
     .example = {Example::behaviour, "com lists ns1 and ns2, the zone itself ns2 and ns3."},
     .find = find_parent_child_mismatch},
    {.name = "deleg_single_ns",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 1034 section 4.1",
     .summary = "the zone has a single nameserver",
     .effect = "when it fails, no signature can be verified",
     .remedy = "Add a second nameserver in another network.",
     .example = {Example::behaviour, "The zone has one NS record."},
     .find = find_single_ns},
    {.name = "deleg_ns_is_cname",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 2181 section 10.3",
     .summary = "a nameserver's name is an alias",
     .effect = "some resolvers never ask that server",
     .remedy = "Publish A or AAAA records at the nameserver's name instead of the CNAME.",
     .example = {Example::behaviour, "ns2.example.com is a CNAME to host7.example.net."},
     .find = find_ns_is_cname},
    {.name = "deleg_glue_mismatch",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 1034 section 4.2.2",
     .summary = "the parent's glue for a nameserver differs from the addresses in the nameserver's own zone",
     .effect = "resolvers ask an address that is not the server's",
     .remedy = "Correct the glue at the parent so that it has the addresses in the nameserver's own zone.",
     .example = {Example::behaviour, "com gives 192.0.2.2 for ns2, the zone itself 192.0.2.7."},
     .find = find_glue_mismatch},
    {.name = "delegation_loop",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 1034 section 4.2.1",
     .summary = "the addresses of nameservers depend on those nameservers themselves",
     .effect = "the zone has fewer usable servers than it lists, or none",
     .remedy = "Break the loop with glue, or with a nameserver name in an independent zone.",
     .example = {Example::behaviour,
                 "a.example is served only by ns.b.example, b.example only by ns.a.example."},
     .find = find_delegation_loop},
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
    {.name = "soa_serial_drift",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .concerns_signing = false,
     .reference = "RFC 1034 section 4.3.5",
     .summary = "a secondary has been behind its primary for longer than REFRESH",
     .effect = "some servers get changes late or never",
     .remedy = "Find out why the secondary does not transfer the zone.",
     .example = {Example::behaviour, "ns2 has been at serial 7 while ns1 is at 9, for longer than REFRESH."},
     .find = find_serial_drift},
    {.name = "quorum_unknown",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .summary = "too few servers answered for a reliable verdict",
     .effect = "not known: the verdict is based on too few servers",
     .remedy = "Make the servers answer, then probe again.",
     .example = {Example::behaviour, "One of four servers answered."},
     .find = find_quorum_unknown},
    {.name = "split_differs_between_ns",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::notice,
     .reference = "RFC 6376 section 3.6.2.2",
     .summary = "the servers split the same text into different strings",
     .effect = "none",
     .remedy = "No action is needed.",
     .example = {Example::behaviour, "ns1 splits the text at 255 octets, ns2 at 200."},
     .find = find_split_differs},
    {.name = "ttl_differs_between_ns",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::notice,
     .reference = "RFC 1034 section 4.3.5",
     .summary = "the servers return different TTLs for the same answer",
     .effect = "a change becomes visible at different times",
     .remedy = "Set the same TTL on every server.",
     .example = {Example::behaviour, "ns1 returns a TTL of 300, ns2 of 86400."},
     .find = find_ttl_differs},
    {.name = "ttl_zero",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::notice,
     .reference = "RFC 1035 section 3.2.1",
     .summary = "the answer has TTL 0 and must not be cached",
     .effect = "each verification queries the servers again",
     .remedy = "Set the TTL of the record to at least 300.",
     .example = {Example::behaviour, "The record has a TTL of 0."},
     .find = find_ttl_zero},
    {.name = "cname_chain_long",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::notice,
     .reference = "RFC 1034 section 3.6.2",
     .summary = "there are many aliases between the selector and its key",
     .effect = "each alias takes time, and resolvers give up after a certain number",
     .remedy = "Point the selector directly to the key.",
     .example = {Example::behaviour, "The key is reached through five aliases in a row."},
     .find = find_chain_long},
    {.name = "dname_in_chain",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::notice,
     .reference = "RFC 6672 section 3.1",
     .summary = "the key is reached through a DNAME",
     .effect = "none; old resolvers use the CNAME that is synthesized from it",
     .remedy = "No action is needed.",
     .example = {Example::behaviour, "_domainkey.example.com has a DNAME to dkim.example.net."},
     .find = find_dname},
    {.name = "negative_ttl_high",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::notice,
     .concerns_signing = false,
     .reference = "RFC 2308 section 5",
     .summary = "resolvers cache the absence of a key for a long time",
     .effect = "mail signed soon after the key is published fails where a resolver asked for the key before",
     .remedy = "Lower MINIMUM and the TTL of the zone's SOA record to 3600 before you publish the next key.",
     .example = {Example::behaviour,
                 "MINIMUM and the TTL of the SOA record are 86400, and a key is pending."},
     .find = find_negative_ttl_high},
    {.name = "positive_ttl_high",
     .scope = Scope::zone,
     .needs = Needs::all_servers,
     .severity = Severity::notice,
     .concerns_signing = false,
     .reference = "RFC 1035 section 3.2.1",
     .summary = "resolvers cache a new key for a long time",
     .effect = "receivers keep an error in it until the TTL has expired",
     .remedy = "Lower the TTL of the record to 3600 until the key is in use.",
     .example = {Example::behaviour, "The record of a pending selector has a TTL of 86400."},
     .find = find_positive_ttl_high},
};

}  // namespace

std::span<const Check> zone_checks() {
  return zone_rows;
}

}  // namespace dkimprobe::checks
