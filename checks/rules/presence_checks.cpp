#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

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
void find_missing(const Evidence& evidence, Verdict& verdict, ServerOutcome outcome, std::string_view says) {
  const auto& answers = evidence.answers;
  if (answers.published.empty()) return verdict.not_evaluated();
  if (has_texts(answers) || !answers.aliases.empty() || domain_denied(evidence.observation)) return;
  // Report NXDOMAIN and NODATA together as one absence; another check reports servers that differ.
  const auto group = std::ranges::find(answers.published, outcome, &AnswerGroup::outcome);
  if (group == answers.published.end() || group != answers.published.begin()) return;
  Finding finding;
  const std::string name = group->owner.to_string();
  finding.detail = fmt::format(
      "{} of {} servers that answered returned {} for {}", group->servers.size(),
      [&] {
        std::size_t all = 0;
        for (const auto& each : answers.published) all += each.servers.size();
        return all;
      }(),
      says, name);
  finding.remedy =
      is_internal_view(answers)
          ? fmt::format(
                "Probe from a machine outside this network: the public may see a record at {}. If there is "
                "none either, publish the key.",
                name)
          : fmt::format("Publish the key as a TXT record at {}, or stop signing with selector {}.", name,
                        evidence.observation.selector.to_string());
  verdict.found(std::move(finding));
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
  Finding finding;
  finding.detail = fmt::format("NXDOMAIN for {}", evidence.observation.domain.to_string());
  finding.remedy = fmt::format("Check that {} is spelled correctly, registered and delegated.",
                               evidence.observation.domain.to_string());
  verdict.found(std::move(finding));
}

/// Calls `judge` for each group of servers that publish several texts, with the number of keys among them.
template <class Judge>
void for_each_crowd(const Evidence& evidence, Verdict& verdict, Judge judge) {
  if (evidence.texts.empty()) return verdict.not_evaluated();
  for (const auto& group : evidence.answers.published) {
    if (group.texts.size() < 2) continue;
    std::size_t keys = 0;
    std::string others;
    for (const auto& text : group.texts) {
      const auto read = std::ranges::find_if(
          evidence.texts, [&](const ReadText& each) { return each.published->text == text.text; });
      if (read == evidence.texts.end()) continue;
      if (read->record.is_key_record()) {
        ++keys;
      } else {
        others += (others.empty() ? "" : ", ") + read->record.other_kind;
      }
    }
    Finding finding;
    if (evidence.answers.published.size() > 1) finding.servers = group.servers;
    judge(group, keys, others, std::move(finding));
  }
}

/// The texts of the group as read, in their order.
std::vector<const ReadText*> texts_of(const Evidence& evidence, const AnswerGroup& group) {
  std::vector<const ReadText*> texts;
  for (const auto& text : group.texts) {
    const auto read = std::ranges::find_if(
        evidence.texts, [&](const ReadText& each) { return each.published->text == text.text; });
    if (read != evidence.texts.end()) texts.push_back(&*read);
  }
  return texts;
}

bool is_in_pieces(const std::vector<const ReadText*>& texts) {
  return std::ranges::any_of(texts, [](const ReadText* text) { return text->is_piece; });
}

/// Describes the pieces in `finding`, with the record to enter.
void tell_pieces(const Evidence& evidence, const AnswerGroup& group, Finding& finding) {
  const auto joined = join_pieces(group, evidence.expectation.service);
  const std::string name = group.owner.to_string();
  finding.detail =
      fmt::format("the {} TXT records at {} are pieces of one key record", group.texts.size(), name);
  std::string order;
  for (const auto& piece : joined->pieces) {
    order += fmt::format("{}\"{}\"",
                         order.empty()             ? ""
                         : joined->needs_semicolon ? ", then `; `, then "
                                                   : ", then ",
                         shown(piece));
  }
  finding.remedy = fmt::format("At {}: replace them with one TXT record: {}.", name, order);
}

/// Whether all key records of the group contain the same key.
bool hold_one_key(const std::vector<const ReadText*>& texts) {
  std::string_view key;
  for (const ReadText* const text : texts) {
    if (!text->record.is_key_record()) continue;
    if (!text->record.key || text->record.key->sha256.empty()) return false;
    if (!key.empty() && key != text->record.key->sha256) return false;
    key = text->record.key->sha256;
  }
  return true;
}

void find_multiple_keys(const Evidence& evidence, Verdict& verdict) {
  for_each_crowd(
      evidence, verdict,
      [&](const AnswerGroup& group, std::size_t keys, const std::string&, Finding finding) {
        const auto texts = texts_of(evidence, group);
        if (is_in_pieces(texts)) {
          tell_pieces(evidence, group, finding);
          return verdict.found(std::move(finding));
        }
        const bool leaks = std::ranges::any_of(
            texts, [](const ReadText* text) { return text->record.has(RecordFault::key_private_leaked); });
        if (keys < 2 || leaks) return;
        const std::string name = group.owner.to_string();
        finding.detail = fmt::format("{} key records are published at {}", keys, name);
        if (hold_one_key(texts)) {
          finding.detail += ", all with the same key";
          finding.remedy =
              fmt::format("At {}: keep one record that has no other fault, and delete the rest.", name);
        } else {
          finding.remedy =
              fmt::format("At {}: keep the key that signs and publish any other at its own selector.", name);
        }
        verdict.found(std::move(finding));
      });
}

void find_multiple_txt(const Evidence& evidence, Verdict& verdict) {
  for_each_crowd(evidence, verdict,
                 [&](const AnswerGroup& group, std::size_t keys, const std::string& others, Finding finding) {
                   if (keys != 1 || is_in_pieces(texts_of(evidence, group))) return;
                   finding.detail = fmt::format("beside the key, there is {} at {}",
                                                config::escape_text(others, 120), group.owner.to_string());
                   finding.remedy =
                       fmt::format("At {}: delete the other text, or move it to the name where it belongs.",
                                   group.owner.to_string());
                   verdict.found(std::move(finding));
                 });
}

void find_not_dkim(const Evidence& evidence, Verdict& verdict) {
  if (evidence.answers.published.empty()) return verdict.not_evaluated();
  // The target of a wildcard alias was not published for the selector.
  if (wildcard_alias(evidence)) return;
  for (const auto& text : evidence.texts) {
    if (text.record.is_key_record()) continue;
    const bool beside_a_key = std::ranges::any_of(evidence.texts, [&](const ReadText& other) {
      return other.group == text.group && other.record.is_key_record();
    });
    if (beside_a_key) continue;
    for (const auto& seen : text.record.faults) {
      Finding finding;
      finding.servers = servers_of(evidence, text);
      finding.detail = seen.detail;
      finding.remedy = fmt::format("At {}: {}.", published_at(text), seen.remedy);
      verdict.found(std::move(finding));
    }
  }
}

void find_wildcard(const Evidence& evidence, Verdict& verdict) {
  bool asked = false;
  const auto wildcard = wildcard_alias(evidence);
  for (const auto& hop : evidence.observation.key.hops) {
    for (const auto& server : hop.servers) {
      for (const auto& exchange : server.exchanges) {
        if (exchange.purpose != probe::Purpose::wildcard_probe || !exchange.response) continue;
        asked = true;
        const std::string name = exchange.question_name.to_string();
        Finding finding;
        if (exchange.response->txt.empty()) {
          if (!wildcard || !has_key_record(evidence)) continue;
          finding.detail = fmt::format("an alias to {} answers for the random name {}",
                                       wildcard->target.to_string(), name);
          finding.remedy =
              fmt::format("Replace the wildcard {} with an alias for each selector.", wildcard->owner);
          return verdict.found(std::move(finding));
        }
        finding.detail = fmt::format("a TXT record answers for the random name {}", name);
        finding.remedy = fmt::format("Delete the wildcard TXT record above {}.", name);
        return verdict.found(std::move(finding));
      }
    }
  }
  if (!asked) verdict.not_evaluated();
}

std::string policy_seen(std::string_view policy, const config::DomainName& name) {
  return fmt::format("\"{}\" is published at {}", config::escape_text(policy, 80), name.to_string());
}

std::string policy_remedy(const config::DomainName& name) {
  return fmt::format("Delete the TXT record at {}.", name.to_string());
}

void find_domainkeys_policy(const Evidence& evidence, Verdict& verdict) {
  const auto name = config::domainkey_name(evidence.observation.domain);
  std::size_t asked = 0;
  std::string policy;
  Finding finding;
  if (name && !evidence.policy_text.empty()) {
    finding.detail = policy_seen(evidence.policy_text, *name);
    finding.remedy = policy_remedy(*name);
    return verdict.found(std::move(finding));
  }
  for (const auto& hop : evidence.answers.hops) {
    for (const auto& server : hop.servers) {
      const probe::Response* const response = server.domainkey.response();
      if (!is_whole(server.domainkey.outcome) || response == nullptr || !name ||
          server.domainkey.deciding->question_name != *name) {
        continue;
      }
      ++asked;
      const auto texts = sorted_texts(*response);
      const auto found = std::ranges::find_if(
          texts, [](const std::string& text) { return is_domainkeys_policy(parse_tag_list(text, {})); });
      if (found == texts.end()) continue;
      if (policy.empty()) policy = *found;
      finding.servers.push_back(server.id);
    }
  }
  if (asked == 0) return verdict.not_evaluated();
  if (finding.servers.empty()) return;
  if (finding.servers.size() == asked) finding.servers.clear();
  finding.detail = policy_seen(policy, *name);
  finding.remedy = policy_remedy(*name);
  verdict.found(std::move(finding));
}

}  // namespace

std::span<const Check> presence_checks() {
  static constexpr Check rows[] = {
      {.name = "selector_missing_nxdomain",
       .scope = Scope::record,
       .needs = Needs::all_servers,
       .severity = Severity::critical,
       .roles = {.pending = RoleEffect::clear,
                 .standby = RoleEffect::clear,
                 .retired = RoleEffect::not_evaluated},
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
       .roles = {.pending = RoleEffect::clear,
                 .standby = RoleEffect::clear,
                 .retired = RoleEffect::not_evaluated},
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
  return rows;
}

}  // namespace dkimprobe::checks
