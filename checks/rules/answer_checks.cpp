// Faults of the answers that the servers of a name give, side by side: whether they are alike, and for how
// long they may be cached. Servers are compared by what a verifier gets in the end: the TXT texts with their
// strings joined, not the raw answer, its order or its TTLs. A server without a complete answer is not
// compared.
#include <algorithm>
#include <iterator>
#include <map>
#include <ranges>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/delegation_facts.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/rules/zone_faults.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {
namespace {

using probe::Response;

// ---- Servers that differ ----

void find_presence_differs(const Evidence& evidence, Verdict& verdict) {
  const auto& published = evidence.answers.published;
  if (published.empty()) return verdict.not_evaluated();
  // The parent zone sends resolvers to different servers: a check of its own reports that cause.
  if (parents_explain_differences(evidence.answers)) return;
  const auto without = servers_of_all(published | std::views::filter(std::not_fn(&AnswerGroup::has_texts)));
  if (without.empty() || std::ranges::none_of(published, &AnswerGroup::has_texts)) return;
  verdict.found(
      {.servers = without,
       .detail = fmt::format("some servers publish the record, others answer that it does not exist: {}",
                             groups_text(published, evidence)),
       .remedy = fmt::format("Update the zone on {} to match the other servers. If the record is new, do not "
                             "sign with it until every server has it.",
                             servers_text(without))});
}

void find_answer_differs(const Evidence& evidence, Verdict& verdict) {
  if (evidence.answers.published.empty()) return verdict.not_evaluated();
  std::vector<AnswerGroup> texts;
  std::ranges::copy_if(evidence.answers.published, std::back_inserter(texts), &AnswerGroup::has_texts);
  if (texts.size() < 2 || parents_explain_differences(evidence.answers)) return;
  const auto others = servers_of_all(texts | std::views::drop(1));
  verdict.found({.servers = others,
                 .detail = fmt::format("the servers publish {} different records: {}", texts.size(),
                                       groups_text(texts, evidence)),
                 .remedy = fmt::format("Find out which record is correct and publish it on every server. "
                                       "These servers differ from the largest group: {}.",
                                       servers_text(others))});
}

void find_rcode_differs(const Evidence& evidence, Verdict& verdict) {
  if (!has_answers(evidence)) return verdict.not_evaluated();
  for (const HopAnswers& hop : evidence.answers.hops) {
    // If some server has the record, `presence_differs_between_ns` reports the difference.
    if (hop.groups.size() < 2 || !std::ranges::all_of(hop.groups, is_negative, &AnswerGroup::outcome))
      continue;
    verdict.found(
        {.servers = hop.groups.back().servers,
         .detail = fmt::format(
             "the servers agree that {} has no TXT record, but not on whether the name exists: {}",
             hop.hop->owner.to_string(), groups_text(hop.groups, evidence)),
         .remedy = fmt::format(
             "Compare the zone {} on these servers. Either some of them have other records at or below the "
             "name, or their software returns NXDOMAIN for names that only have names below them.",
             zone_text(hop))});
  }
}

/// What each transport got from the server.
std::string transports_text(const ServerAnswer& answer) {
  std::vector<std::string> parts;
  const std::pair<const TransportAttempts*, const char*> transports[] = {
      {&answer.plain, "over UDP"}, {&answer.edns, "over UDP with EDNS"}, {&answer.tcp, "over TCP"}};
  for (const auto& [attempts, transport] : transports) {
    if (attempts->response() == nullptr) continue;
    ServerAnswer alone;
    alone.outcome = attempts->outcome;
    alone.whole_exchange = attempts->deciding;
    std::string text = describe(alone);
    if (const auto texts = sorted_texts(*attempts->response()); texts.size() == 1) {
      const KeyRecord record = read_key_record(texts.front());
      if (record.key && !record.key->sha256.empty()) text = with_fingerprint(describe(record), *record.key);
    }
    if (const auto& edns = attempts->response()->edns; edns && edns->nsid)
      text += fmt::format(" (instance {})", config::escape_text(*edns->nsid, 40));
    parts.push_back(fmt::format("{}: {}", transport, text));
  }
  return join_some(parts);
}

bool answered_twice(const ServerAnswer& answer) {
  const auto transports = answer.record_attempts();
  return std::ranges::count_if(transports, is_whole, &TransportAttempts::outcome) > 1 ||
         answer.disagrees_with_itself;
}

void find_instances_differ(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const HopAnswers& hop : evidence.answers.hops) {
    for (const ServerAnswer& answer : hop.servers) {
      judged = judged || answered_twice(answer);
      // `ns_case_sensitive` reports a name that is denied in mixed case.
      if (!answer.disagrees_with_itself || denies_mixed_case(answer)) continue;
      verdict.found(
          {.servers = {answer.id},
           .detail = fmt::format("{} gives different answers for {}: {}", server_text(answer.id),
                                 hop.hop->owner.to_string(), transports_text(answer)),
           .remedy = fmt::format("Load the same zone on every machine that answers at {}. If a load balancer "
                                 "distributes the queries, remove the machine that differs.",
                                 answer.id.address.ip.to_string())});
    }
  }
  if (!judged) verdict.not_evaluated();
}

/// Servers by a property of their answer, for a group of servers that publish the same.
template <class Key, class Read>
std::map<Key, std::vector<ServerId>> by_property(const HopAnswers& hop, const AnswerGroup& group, Read read) {
  std::map<Key, std::vector<ServerId>> found;
  for (std::size_t i = 0; i < hop.servers.size(); ++i) {
    if (hop.rows[i].group == group.letter && hop.servers[i].whole() != nullptr)
      found[read(i)].push_back(hop.servers[i].id);
  }
  return found;
}

/// All servers except those with the most common property.
template <class Key>
std::vector<ServerId> minority(const std::map<Key, std::vector<ServerId>>& found) {
  const auto most = std::ranges::max_element(found, {}, [](const auto& each) { return each.second.size(); });
  std::vector<ServerId> others;
  for (auto it = found.begin(); it != found.end(); ++it) {
    if (it != most) others.insert(others.end(), it->second.begin(), it->second.end());
  }
  return others;
}

void find_split_differs(const Evidence& evidence, Verdict& verdict) {
  if (!has_answers(evidence)) return verdict.not_evaluated();
  using Split = std::multiset<std::vector<std::string>>;
  for (const HopAnswers& hop : evidence.answers.hops) {
    for (const AnswerGroup& group : hop.groups | std::views::filter(&AnswerGroup::has_texts)) {
      const auto splits = by_property<Split>(hop, group, [&](std::size_t server) {
        Split split;
        for (const auto& record : hop.servers[server].whole()->txt) split.insert(record.strings);
        return split;
      });
      if (splits.size() < 2) continue;
      const auto others = minority(splits);
      verdict.found(
          {.servers = others,
           .detail =
               fmt::format("the servers split the same text at {} into strings in {} different ways; {} "
                           "differs from the majority",
                           hop.hop->owner.to_string(), splits.size(), servers_text(others)),
           .remedy = "No action is needed. Load the same zone on all servers if you want answers of the same "
                     "size."});
    }
  }
}

// ---- How long the answers may be cached ----

/// The responses that deny the record or another name of the zone.
std::vector<const Response*> denials(const ServerAnswer& answer) {
  std::vector<const Response*> responses;
  for (const TransportAttempts* attempts :
       {&answer.plain, &answer.edns, &answer.tcp, &answer.wildcard_probe}) {
    if (is_negative(attempts->outcome)) responses.push_back(attempts->response());
  }
  return responses;
}

void find_soa_missing(const Evidence& evidence, Verdict& verdict) {
  bool judged = false;
  for (const HopAnswers& hop : evidence.answers.hops) {
    std::vector<ServerId> without;
    for (const ServerAnswer& answer : own_servers(hop)) {
      const auto denied = denials(answer);
      judged = judged || !denied.empty();
      if (std::ranges::any_of(denied, [](const Response* each) { return each->soa.empty(); }))
        without.push_back(answer.id);
    }
    if (without.empty()) continue;
    const std::string servers = servers_text(without);
    verdict.found(
        {.servers = without,
         .detail = fmt::format("{} returned a negative answer for a name in {} without the SOA record that "
                               "limits how long it may be cached",
                               servers, zone_text(hop)),
         .remedy = fmt::format(
             "Configure {} to put the SOA record of {} into the authority section of negative answers.",
             servers, zone_text(hop))});
  }
  if (!judged) verdict.not_evaluated();
}

void find_ttl_differs(const Evidence& evidence, Verdict& verdict) {
  if (!has_answers(evidence)) return verdict.not_evaluated();
  for (const HopAnswers& hop : evidence.answers.hops) {
    for (const AnswerGroup& group : hop.groups) {
      if (group.outcome != ServerOutcome::answered) continue;
      const auto ttls = by_property<std::uint32_t>(
          hop, group, [&](std::size_t server) { return hop.rows[server].ttl_seconds.value_or(0); });
      if (ttls.size() < 2) continue;
      const auto others = minority(ttls);
      const std::string owner = hop.hop->owner.to_string();
      verdict.found(
          {.servers = others,
           .detail = fmt::format("the servers return TTLs from {} to {} s for the same answer at {}; {} "
                                 "differs from the majority",
                                 ttls.begin()->first, ttls.rbegin()->first, owner, servers_text(others)),
           .remedy = fmt::format("Set the same TTL for the record at {} on every server.", owner)});
    }
  }
}

void find_ttl_zero(const Evidence& evidence, Verdict& verdict) {
  if (!has_answers(evidence)) return verdict.not_evaluated();
  for (const HopAnswers& hop : evidence.answers.hops) {
    std::vector<ServerId> servers;
    for (const ServerRow& row : hop.rows) {
      if (row.ttl_seconds == 0U) servers.push_back(row.id);
    }
    if (servers.empty()) continue;
    const std::string owner = hop.hop->owner.to_string();
    verdict.found(
        {.servers = servers,
         .detail =
             fmt::format("the answer at {} has TTL 0, so each verification queries the servers again", owner),
         .remedy = fmt::format(
             "Set the TTL of the record at {} to at least a few minutes, for example 3600 s.", owner)});
  }
}

constexpr auto answer_rows = rows_of(
    Scope::zone, Needs::all_servers,
    {{.name = "presence_differs_between_ns",
      .severity = Severity::critical,
      .roles = notice_while_publishing,
      .reference = "RFC 1034 section 4.3.5",
      .summary = "some servers publish the record, others answer that it does not exist",
      .effect = "signatures fail for receivers whose resolver asks a server without the record",
      .remedy = "Load the same zone on every server.",
      .example = {Example::behaviour, "ns1 returns the key, ns2 returns NXDOMAIN."},
      .find = find_presence_differs},
     {.name = "answer_differs_between_ns",
      .severity = Severity::critical,
      .roles = notice_while_publishing,
      .reference = "RFC 1034 section 4.3.5",
      .summary = "the servers publish different records",
      .effect = "signatures fail for receivers whose resolver asks the wrong server",
      .remedy = "Load the same zone on every server.",
      .example = {Example::behaviour, "ns1 returns the new key, ns2 the previous one."},
      .find = find_answer_differs},
     {.name = "rcode_differs_between_ns",
      .severity = Severity::warning,
      .reference = "RFC 2308 section 5",
      .summary = "servers without the record disagree on whether the name exists",
      .effect =
          "some resolvers cache that the record does not exist, others that the whole name does not exist",
      .remedy = "Load the same zone on every server.",
      .example = {Example::behaviour, "Neither has a key: ns1 returns NXDOMAIN, ns2 NOERROR."},
      .find = find_rcode_differs},
     {.name = "anycast_instances_differ",
      .severity = Severity::warning,
      .reference = "RFC 4786 section 4.6",
      .summary = "one server address gives different answers",
      .effect = "whether a signature passes depends on which machine answers the resolver",
      .remedy = "Load the same zone on every machine behind the address.",
      .example = {Example::behaviour, "192.0.2.1 returns the new key, and a second later the old one."},
      .find = find_instances_differ},
     {.name = "soa_missing_in_negative",
      .severity = Severity::warning,
      .reference = "RFC 2308 section 3",
      .summary = "a negative answer lacks the SOA record",
      .effect = "resolvers should not cache such an answer, so they ask again and again",
      .remedy = "Put the SOA record into negative answers.",
      .example = {Example::behaviour, "ns2 returns NXDOMAIN with an empty authority section."},
      .find = find_soa_missing},
     {.name = "split_differs_between_ns",
      .severity = Severity::notice,
      .reference = "RFC 6376 section 3.6.2.2",
      .summary = "the servers split the same text into different strings",
      .effect = "none",
      .remedy = "No action is needed.",
      .example = {Example::behaviour, "ns1 splits the text at 255 octets, ns2 at 200."},
      .find = find_split_differs},
     {.name = "ttl_differs_between_ns",
      .severity = Severity::notice,
      .reference = "RFC 1034 section 4.3.5",
      .summary = "the servers return different TTLs for the same answer",
      .effect = "a change becomes visible at different times",
      .remedy = "Set the same TTL on every server.",
      .example = {Example::behaviour, "ns1 returns a TTL of 300, ns2 of 86400."},
      .find = find_ttl_differs},
     {.name = "ttl_zero",
      .severity = Severity::notice,
      .reference = "RFC 1035 section 3.2.1",
      .summary = "the answer has TTL 0 and must not be cached",
      .effect = "each verification queries the servers again",
      .remedy = "Set the TTL of the record to at least 300.",
      .example = {Example::behaviour, "The record has a TTL of 0."},
      .find = find_ttl_zero}});

}  // namespace

std::span<const Check> answer_checks() {
  return answer_rows;
}

}  // namespace dkimprobe::checks
