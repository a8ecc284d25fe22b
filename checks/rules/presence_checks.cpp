#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/answers/delegation_facts.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"
#include "checks/catalogue/record_pieces.hpp"
#include "checks/record/other_text.hpp"
#include "checks/record/tag_list.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {

namespace {

bool has_texts(const ChainAnswers& answers) {
  return std::ranges::any_of(answers.published, [](const AnswerGroup& group) { return group.has_texts(); });
}

/// Other checks report a dangling alias and a domain that does not exist.
void find_missing(const Evidence& evidence, Verdict& verdict, ServerOutcome outcome,
                  std::string_view answer_text) {
  const auto& answers = evidence.answers;
  if (answers.published.empty()) return verdict.not_evaluated();
  if (has_texts(answers) || !answers.aliases.empty() || domain_denied(evidence.observation)) return;
  // Report NXDOMAIN and NODATA together as one absence; another check reports servers that differ.
  const AnswerGroup& group = answers.published.front();
  if (group.outcome != outcome) return;
  const std::string name = group.owner.to_string();
  verdict.found(
      {.detail = fmt::format("{} of {} servers that answered returned {} for {}", group.servers.size(),
                             servers_of_all(answers.published).size(), answer_text, name),
       .remedy =
           is_internal_view(answers)
               ? fmt::format("Probe from a machine outside this network: the public may see a record at {}. "
                             "If there is none either, publish the key.",
                             name)
               : fmt::format("Publish the key as a TXT record at {}, or stop signing with selector {}.", name,
                             evidence.observation.selector.to_string())});
}

void find_missing_nxdomain(const Evidence& evidence, Verdict& verdict) {
  find_missing(evidence, verdict, ServerOutcome::nxdomain, "NXDOMAIN");
}

void find_missing_nodata(const Evidence& evidence, Verdict& verdict) {
  find_missing(evidence, verdict, ServerOutcome::nodata, "no TXT record");
}

void find_domain_nxdomain(const Evidence& evidence, Verdict& verdict) {
  if (evidence.answers.published.empty() && !domain_denied(evidence.observation))
    return verdict.not_evaluated();
  if (has_texts(evidence.answers) || !domain_denied(evidence.observation)) return;
  const std::string domain = evidence.observation.domain.to_string();
  verdict.found(
      {.detail = fmt::format("NXDOMAIN for {}", domain),
       .remedy = fmt::format("Check that {} is spelled correctly, registered and delegated.", domain)});
}

/// The texts of the group as read, in their order.
std::vector<const ReadText*> texts_of(const Evidence& evidence, const AnswerGroup& group) {
  std::vector<const ReadText*> texts;
  for (const auto& text : group.texts) {
    if (const ReadText* const read = find_text(evidence, text.text)) texts.push_back(read);
  }
  return texts;
}

/// Describes the pieces, with the record to enter.
Finding describe_pieces(const AnswerGroup& group, const JoinedRecord& joined) {
  const std::string name = group.owner.to_string();
  std::string order;
  for (const auto& piece : joined.pieces) {
    if (!order.empty()) order += joined.needs_semicolon ? ", then `; `, then " : ", then ";
    order += fmt::format("\"{}\"", shown(piece));
  }
  const std::size_t pieces = joined.pieces.size();
  const std::string which = pieces == group.texts.size()
                                ? fmt::format("the {}", pieces)
                                : fmt::format("{} of the {}", pieces, group.texts.size());
  return {.detail = fmt::format("{} TXT records at {} are pieces of one key record", which, name),
          .remedy = fmt::format(
              "At {}: replace them with one TXT record{}: {}.", name,
              joined.is_order_known ? "" : ", in the order of your own copy (more than one makes a record)",
              order)};
}

/// Whether all key records contain the same key.
bool hold_one_key(const std::vector<const ReadText*>& keys) {
  const std::string_view key = fingerprint_of(*keys.front());
  return !key.empty() &&
         std::ranges::all_of(keys, [&](const ReadText* text) { return fingerprint_of(*text) == key; });
}

/// What is wrong with several key records at one name; nothing if they are not several, or if one of them
/// contains a private key and must go.
std::optional<Finding> describe_keys(const AnswerGroup& group, std::vector<const ReadText*> texts) {
  const bool leaks = std::ranges::any_of(
      texts, [](const ReadText* text) { return text->record.has(RecordFault::key_private_leaked); });
  std::erase_if(texts, [](const ReadText* text) { return !text->record.is_key_record(); });
  if (texts.size() < 2 || leaks) return std::nullopt;
  const bool same = hold_one_key(texts);
  const std::string name = group.owner.to_string();
  return Finding{
      .detail = fmt::format("{} key records are published at {}{}", texts.size(), name,
                            same ? ", all with the same key" : ""),
      .remedy = fmt::format("At {}: {}.", name,
                            same ? "keep one record that has no other fault, and delete the rest"
                                 : "keep the key that signs and publish any other at its own selector")};
}

void find_multiple_keys(const Evidence& evidence, Verdict& verdict) {
  if (evidence.texts.empty()) return verdict.not_evaluated();
  for (const auto& group : evidence.answers.published) {
    const auto joined = join_pieces(group, evidence.expectation.service);
    std::optional<Finding> finding =
        joined ? describe_pieces(group, *joined) : describe_keys(group, texts_of(evidence, group));
    if (!finding) continue;
    finding->servers = servers_if_others_differ(evidence, group);
    verdict.found(*std::move(finding));
  }
}

void find_multiple_txt(const Evidence& evidence, Verdict& verdict) {
  if (evidence.texts.empty()) return verdict.not_evaluated();
  for (const auto& group : evidence.answers.published) {
    const auto texts = texts_of(evidence, group);
    std::vector<std::string> others;
    for (const ReadText* const text : texts) {
      if (!text->record.is_key_record()) others.push_back(text->record.other_kind);
    }
    const bool beside_a_key = !others.empty() && others.size() + 1 == texts.size();
    if (!beside_a_key || join_pieces(group, evidence.expectation.service)) continue;
    const std::string name = group.owner.to_string();
    verdict.found(
        {.servers = servers_if_others_differ(evidence, group),
         .detail = fmt::format("beside the key, there is {} at {}",
                               config::escape_text(fmt::format("{}", fmt::join(others, ", ")), 120), name),
         .remedy =
             fmt::format("At {}: delete the other text, or move it to the name where it belongs.", name)});
  }
}

/// The groups of servers that publish a key record.
std::set<const AnswerGroup*> groups_with_key(const Evidence& evidence) {
  std::set<const AnswerGroup*> groups;
  for (const auto& text : evidence.texts) {
    if (text.record.is_key_record()) groups.insert(text.groups.begin(), text.groups.end());
  }
  return groups;
}

void find_not_dkim(const Evidence& evidence, Verdict& verdict) {
  if (evidence.answers.published.empty()) return verdict.not_evaluated();
  // The target of a wildcard alias was not published for the selector.
  if (wildcard_alias(evidence)) return;
  const std::set<const AnswerGroup*> with_key = groups_with_key(evidence);
  for (const auto& text : evidence.texts) {
    const bool has_key_beside =
        std::ranges::all_of(text.groups, [&](const AnswerGroup* group) { return with_key.contains(group); });
    if (has_key_beside) continue;
    for (const auto& seen : text.record.faults)
      verdict.found(finding_in(evidence, text, seen.detail, seen.remedy));
  }
}

/// The answers for random names beside the selector.
std::vector<const probe::Exchange*> wildcard_probes(const probe::Observation& observation) {
  std::vector<const probe::Exchange*> probes;
  for (const auto& hop : observation.key.hops) {
    for (const auto& server : hop.servers) {
      for (const auto& exchange : server.exchanges) {
        if (exchange.purpose == probe::Purpose::wildcard_probe && exchange.response)
          probes.push_back(&exchange);
      }
    }
  }
  return probes;
}

void find_wildcard(const Evidence& evidence, Verdict& verdict) {
  const auto probes = wildcard_probes(evidence.observation);
  if (probes.empty()) verdict.not_evaluated();
  const auto alias = has_key_record(evidence) ? wildcard_alias(evidence) : std::nullopt;
  const auto found = std::ranges::find_if(
      probes, [&](const probe::Exchange* probe) { return alias || probe->response->has_txt(); });
  if (found == probes.end()) return;
  const std::string name = (*found)->question_name.to_string();
  if ((*found)->response->has_txt()) {
    verdict.found({.detail = fmt::format("a TXT record answers for the random name {}", name),
                   .remedy = fmt::format("Delete the wildcard TXT record above {}.", name)});
  } else {
    verdict.found(
        {.detail =
             fmt::format("an alias to {} answers for the random name {}", alias->target.to_string(), name),
         .remedy = fmt::format("Replace the wildcard {} with an alias for each selector.", alias->owner)});
  }
}

Finding policy_finding(std::string_view policy, const config::DomainName& name,
                       std::vector<ServerId> servers = {}) {
  return {
      .servers = std::move(servers),
      .detail = fmt::format("\"{}\" is published at {}", config::escape_text(policy, 80), name.to_string()),
      .remedy = fmt::format("Delete the TXT record at {}.", name.to_string())};
}

/// The policy among the texts; empty without one.
std::string policy_in(const probe::Response& response) {
  const auto texts = sorted_texts(response);
  const auto found = std::ranges::find_if(
      texts, [](const std::string& text) { return is_domainkeys_policy(parse_tag_list(text, {})); });
  return found == texts.end() ? std::string() : *found;
}

void find_domainkeys_policy(const Evidence& evidence, Verdict& verdict) {
  const auto name = config::domainkey_name(evidence.observation.domain);
  if (!name) return verdict.not_evaluated();
  if (!evidence.policy_text.empty()) return verdict.found(policy_finding(evidence.policy_text, *name));
  std::size_t asked = 0;
  std::string policy;
  std::vector<ServerId> servers;
  for (const auto& hop : evidence.answers.hops) {
    for (const auto& server : hop.servers) {
      const TransportAttempts& answer = server.domainkey;
      if (!is_whole(answer.outcome) || answer.deciding->question_name != *name) continue;
      ++asked;
      const std::string seen = policy_in(*answer.response());
      if (seen.empty()) continue;
      if (policy.empty()) policy = seen;
      servers.push_back(server.id);
    }
  }
  if (asked == 0) return verdict.not_evaluated();
  if (servers.empty()) return;
  if (servers.size() == asked) servers.clear();
  verdict.found(policy_finding(policy, *name, std::move(servers)));
}

constexpr Check presence_rows[] = {
    {.name = "selector_missing_nxdomain",
     .scope = Scope::record,
     .needs = Needs::all_servers,
     .severity = Severity::critical,
     .roles = only_while_signing,
     .reference = "RFC 6376 section 6.1.2",
     .summary = "the selector's name does not exist",
     .effect = "every signature made with this selector fails",
     .remedy = "Publish the key record as TXT at `SELECTOR._domainkey.DOMAIN`.",
     .example = {Example::behaviour, "Every server returns NXDOMAIN for s1._domainkey.example.com."},
     .find = find_missing_nxdomain},
    {.name = "selector_missing_nodata",
     .scope = Scope::record,
     .needs = Needs::all_servers,
     .severity = Severity::critical,
     .roles = only_while_signing,
     .reference = "RFC 6376 section 6.1.2",
     .summary = "the selector's name has no TXT record",
     .effect = "every signature made with this selector fails",
     .remedy = "Publish the key record as TXT at `SELECTOR._domainkey.DOMAIN`.",
     .example = {Example::behaviour,
                 "Every server returns NOERROR for s1._domainkey.example.com, without a TXT record."},
     .find = find_missing_nodata},
    {.name = "domain_nxdomain",
     .scope = Scope::record,
     .needs = Needs::all_servers,
     .severity = Severity::critical,
     .reference = "RFC 8020 section 2",
     .summary = "the domain does not exist",
     .effect = "no name below the domain exists, and receivers refuse mail from it",
     .remedy = "Check that the name is spelled correctly, registered and delegated.",
     .example = {Example::behaviour, "The servers of com return NXDOMAIN for exampel.com."},
     .find = find_domain_nxdomain},
    {.name = "selector_multiple_keys",
     .scope = Scope::record,
     .needs = Needs::all_servers,
     .severity = Severity::critical,
     .reference = "RFC 6376 section 3.6.2.2",
     .summary = "several key records are published at one selector",
     .effect = "verifiers may use any of them, try each, or fail: failures are intermittent",
     .remedy = "Keep only the TXT record at `SELECTOR._domainkey.DOMAIN` whose key signs now; publish any "
               "other key at its own selector, and enter pieces of one record as one TXT record.",
     .example = {Example::behaviour,
                 "s1._domainkey.example.com has both `v=DKIM1; p=MIIB...` and `v=DKIM1; p=MIIC...`."},
     .find = find_multiple_keys},
    {.name = "selector_multiple_txt",
     .scope = Scope::record,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .receivers_decide = true,
     .reference = "RFC 6376 section 3.6.2.2",
     .summary = "another TXT record is published beside the key",
     .effect = "some verifiers read the other text and fail",
     .remedy = "Delete the other text, or move it to the name where it belongs.",
     .example = {Example::behaviour,
                 "s1._domainkey.example.com has both `v=DKIM1; p=MIIB...` and `v=spf1 -all`."},
     .find = find_multiple_txt},
    {.name = "txt_not_dkim",
     .scope = Scope::record,
     .needs = Needs::key_text,
     .severity = Severity::critical,
     .reference = "RFC 6376 section 6.1.2",
     .summary = "the text at the selector is not a key record",
     .effect = "every signature made with this selector fails",
     .remedy = "Publish the key record at `SELECTOR._domainkey.DOMAIN`, and move the other text where it "
               "belongs.",
     .example = {Example::record, "v=spf1 include:_spf.example.com -all"},
     .find = find_not_dkim},
    {.name = "txt_wildcard",
     .scope = Scope::record,
     .needs = Needs::all_servers,
     .severity = Severity::warning,
     .reference = "RFC 6376 section 6.1.2",
     .summary = "a wildcard answers for any selector",
     .effect = "selectors that were never published seem to exist",
     .remedy = "Delete the wildcard TXT record, `*._domainkey.DOMAIN` or `*.DOMAIN`.",
     .example = {Example::behaviour,
                 "`*._domainkey.example.com` is a TXT record, so any selector seems to exist."},
     .find = find_wildcard},
    {.name = "domainkeys_policy_record",
     .scope = Scope::record,
     .needs = Needs::policy_text,
     .severity = Severity::warning,
     .reference = "RFC 4870 section 3.6",
     .summary = "a policy of DomainKeys, the predecessor of DKIM, is still published",
     .effect = "none for DKIM; software that still reads it may refuse mail without a DomainKeys signature",
     .remedy = "Delete the TXT record at `_domainkey.DOMAIN`.",
     .example = {Example::behaviour, "`o=~; t=y` is a TXT record at _domainkey.example.com."},
     .find = find_domainkeys_policy},
};

}  // namespace

std::span<const Check> presence_checks() {
  return presence_rows;
}

}  // namespace dkimprobe::checks
