// Faults of the answers that the servers of a name give, side by side: whether they are alike, and for how
// long they may be cached. Servers are compared by what a verifier gets in the end: the TXT texts with their
// strings joined, not the raw answer, its order or its TTLs. A server without a complete answer is not
// compared. Which servers are right, if anything decides it, is the `Standing` of their group.
#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/delegation_facts.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/report/time_text.hpp"
#include "checks/rules/zone_faults.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {
namespace {

using probe::Response;

// ---- Servers that differ ----

using Groups = std::vector<AnswerGroup>;

Groups groups_with_texts(const Evidence& evidence) {
  Groups groups;
  std::ranges::copy_if(evidence.answers.published, std::back_inserter(groups), &AnswerGroup::has_texts);
  return groups;
}

/// The group that is right, or null.
const AnswerGroup* right_group(const Groups& groups) {
  const auto right = std::ranges::find(groups, Standing::right, &AnswerGroup::standing);
  return right == groups.end() ? nullptr : &*right;
}

/// Whether a key is expected that no server publishes.
bool lacks_expected_key(const Evidence& evidence, const Groups& groups) {
  return evidence.expectation.key_sha256 && std::ranges::none_of(groups, &AnswerGroup::has_expected_key);
}

std::string presence_remedy(const Evidence& evidence, const Groups& with, const std::string& without) {
  constexpr std::string_view wait = " If the record is new, do not sign with it until every server has it.";
  if (lacks_expected_key(evidence, with))
    return fmt::format("No server publishes the expected key: publish its record on every server.{}", wait);
  if (evidence.expectation.role == config::Role::retired) {
    return "Until the mail that the key signed has arrived, publish the record on every server; then remove "
           "it from every server.";
  }
  if (const AnswerGroup* const right = right_group(with)) {
    return fmt::format("Publish the record of {}{} on {} too.{}", servers_text(right->servers),
                       evidence.expectation.key_sha256 ? ", which has the expected key," : "", without, wait);
  }
  return fmt::format("Find out which of the records is correct, and publish it on {} too.{}", without, wait);
}

void find_presence_differs(const Evidence& evidence, Verdict& verdict) {
  const auto& published = evidence.answers.published;
  if (published.empty()) return verdict.not_evaluated();
  // The parent zone sends resolvers to different servers: a check of its own reports that cause.
  if (parents_explain_differences(evidence.answers)) return;
  const auto without = servers_of_all(published | std::views::filter(std::not_fn(&AnswerGroup::has_texts)));
  const Groups with = groups_with_texts(evidence);
  if (without.empty() || with.empty()) return;
  verdict.found(
      {.servers = without,
       .detail = fmt::format("some servers publish the record, others answer that it does not exist: {}",
                             groups_text(published, evidence)),
       .remedy = presence_remedy(evidence, with, servers_text(without))});
}

/// What the SOA records show about servers of which none is known to be right: which copy of the zone is
/// newer, and who its primary is. Empty if they show nothing.
std::string serial_text(const Evidence& evidence, const Groups& groups) {
  std::map<std::uint32_t, std::vector<ServerId>> serials;
  std::set<std::string> primaries;
  for (const AnswerGroup& group : groups) {
    const HopAnswers& hop = *hop_at(evidence.answers, group.owner);
    if (group.owner != groups.front().owner) return {};
    for (const ServerAnswer& answer : own_servers(hop)) {
      if (answer.soa_record == nullptr || std::ranges::find(group.servers, answer.id) == group.servers.end())
        continue;
      serials[answer.soa_record->serial].push_back(answer.id);
      primaries.insert(answer.soa_record->mname.to_string());
    }
  }
  if (primaries.empty()) return {};
  if (primaries.size() > 1)
    return fmt::format("; their SOA records name different primaries: {}", fmt::join(primaries, ", "));
  std::vector<std::string> copies;
  for (const auto& [serial, servers] : serials) {
    copies.push_back(serials.size() == 1 ? fmt::format("{} on all of them", serial)
                                         : fmt::format("{} on {}", serial, join_some(servers, server_text)));
  }
  return fmt::format("; the serial is {}; the SOA record names the primary {}", fmt::join(copies, " and "),
                     *primaries.begin());
}

/// Since when the history has what each group publishes; empty if it does not show an order.
std::string history_text(const Evidence& evidence, const Groups& groups) {
  std::vector<std::string> parts;
  std::set<probe::WallTime> times;
  for (const AnswerGroup& group : groups) {
    std::optional<probe::WallTime> first;
    for (const ServerTimeline& timeline : timelines_of(evidence.history.servers, group.owner)) {
      const bool is_member = std::ranges::find(group.servers, timeline.server) != group.servers.end();
      if (!is_member || !timeline.is_there()) continue;
      const auto since = timeline.periods.back().first_seen;
      first = std::min(first.value_or(since), since);
    }
    if (!first) return {};
    times.insert(*first);
    parts.push_back(fmt::format("{} since {}", servers_text(group.servers), time_text(*first)));
  }
  return times.size() < 2 ? std::string()
                          : fmt::format("; the history has it on {}", fmt::join(parts, ", on "));
}

std::string difference_remedy(const Evidence& evidence, const Groups& texts, const std::string& others) {
  const bool is_expected = evidence.expectation.key_sha256.has_value();
  if (lacks_expected_key(evidence, texts))
    return "No server publishes the expected key: publish its record on every server.";
  if (const AnswerGroup* const right = right_group(texts); right != nullptr && is_expected) {
    return fmt::format("Publish the record of {}, which has the expected key, on {} too.",
                       servers_text(right->servers), others);
  }
  constexpr std::string_view find_out = "Find out which record is correct and publish it on every server.";
  if (const AnswerGroup* const right = right_group(texts)) {
    if (right->servers.size() * 2 > servers_of_all(texts).size())
      return fmt::format("{} These servers differ from the largest group: {}.", find_out, others);
    return fmt::format("Publish the record of {}, which verifiers can use, on {} too.",
                       servers_text(right->servers), others);
  }
  if (is_expected)
    return fmt::format("{} Several of them have the expected key, so it does not decide.", find_out);
  return fmt::format(
      "{} None is on more than half of the servers: compare with the zone on the primary, and with the "
      "private key that signs. With expected_key in the settings, that key decides.",
      find_out);
}

void find_answer_differs(const Evidence& evidence, Verdict& verdict) {
  if (evidence.answers.published.empty()) return verdict.not_evaluated();
  const Groups texts = groups_with_texts(evidence);
  if (texts.size() < 2 || parents_explain_differences(evidence.answers)) return;
  const auto others = servers_to_fix(texts);
  std::string detail =
      fmt::format("the servers publish {} different records: {}", texts.size(), groups_text(texts, evidence));
  if (right_group(texts) == nullptr) detail += serial_text(evidence, texts) + history_text(evidence, texts);
  verdict.found({.servers = others,
                 .detail = std::move(detail),
                 .remedy = difference_remedy(evidence, texts, servers_text(others))});
}

void find_rcode_differs(const Evidence& evidence, Verdict& verdict) {
  if (!has_answers(evidence)) return verdict.not_evaluated();
  for (const HopAnswers& hop : evidence.answers.hops) {
    // If some server has the record, `presence_differs_between_ns` reports the difference.
    if (hop.groups.size() < 2 || !std::ranges::all_of(hop.groups, is_negative, &AnswerGroup::outcome))
      continue;
    verdict.found(
        {.servers = servers_to_fix(hop.groups),
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
           .remedy = fmt::format(
               "Load {} on every machine that answers at {}. If a load balancer distributes the queries, "
               "remove the machine with the wrong zone.",
               evidence.expectation.key_sha256 ? "the zone that has the expected key" : "the same zone",
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

/// The servers whose property less than half of them have; all servers if none has a majority.
template <class Key>
std::vector<ServerId> minority(const std::map<Key, std::vector<ServerId>>& found) {
  std::size_t all = 0;
  for (const auto& [key, servers] : found) all += servers.size();
  const auto is_majority = [&](const auto& each) { return each.second.size() * 2 > all; };
  const bool has_majority = std::ranges::any_of(found, is_majority);
  std::vector<ServerId> others;
  for (const auto& each : found) {
    if (!has_majority || !is_majority(each)) std::ranges::copy(each.second, std::back_inserter(others));
  }
  return others;
}

/// "300 s from ns1.example.com (192.0.2.1); 600 s from ..."
template <class Key, class Text>
std::string by_property_text(const std::map<Key, std::vector<ServerId>>& found, Text text_of) {
  std::vector<std::string> parts;
  for (const auto& [key, servers] : found)
    parts.push_back(fmt::format("{} from {}", text_of(key), join_some(servers, server_text)));
  return fmt::format("{}", fmt::join(parts, "; "));
}

/// The strings of each TXT record of a server.
using Split = std::multiset<std::vector<std::string>>;

/// "255+150 octets"
std::string split_text(const Split& split) {
  std::vector<std::string> records;
  for (const auto& strings : split) {
    std::vector<std::size_t> sizes;
    std::ranges::transform(strings, std::back_inserter(sizes), &std::string::size);
    records.push_back(fmt::format("{}", fmt::join(sizes, "+")));
  }
  return fmt::format("{} octets", fmt::join(records, " and "));
}

void find_split_differs(const Evidence& evidence, Verdict& verdict) {
  if (!has_answers(evidence)) return verdict.not_evaluated();
  for (const HopAnswers& hop : evidence.answers.hops) {
    for (const AnswerGroup& group : hop.groups | std::views::filter(&AnswerGroup::has_texts)) {
      const auto splits = by_property<Split>(hop, group, [&](std::size_t server) {
        Split split;
        for (const auto& record : hop.servers[server].whole()->txt) split.insert(record.strings);
        return split;
      });
      if (splits.size() < 2) continue;
      verdict.found(
          {.servers = minority(splits),
           .detail =
               fmt::format("the servers split the same text at {} into strings in {} different ways: {}",
                           hop.hop->owner.to_string(), splits.size(), by_property_text(splits, split_text)),
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
      const std::string owner = hop.hop->owner.to_string();
      const auto text_of = [](std::uint32_t ttl) { return fmt::format("{} s", ttl); };
      verdict.found({.servers = minority(ttls),
                     .detail = fmt::format("the servers return different TTLs for the same answer at {}: {}",
                                           owner, by_property_text(ttls, text_of)),
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
      .remedy = "Publish the record on every server.",
      .example = {Example::behaviour, "ns1 returns the key, ns2 returns NXDOMAIN."},
      .find = find_presence_differs},
     {.name = "answer_differs_between_ns",
      .severity = Severity::critical,
      .roles = notice_while_publishing,
      .reference = "RFC 1034 section 4.3.5",
      .summary = "the servers publish different records",
      .effect = "signatures fail for receivers whose resolver asks the wrong server",
      .remedy = "Find out which record is correct, by the private key that signs, and publish it on every "
                "server; expected_key in the settings decides it.",
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
