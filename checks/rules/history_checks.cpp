#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"
#include "checks/history/history.hpp"
#include "checks/history/key_occurrences.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/report/time_text.hpp"

namespace dkimprobe::checks {

namespace {

/// The key that the selector publishes now, or nothing.
std::optional<std::string> present_key(const Evidence& evidence) {
  for (const auto& text : evidence.texts) {
    if (!fingerprint_of(text).empty()) return std::string(fingerprint_of(text));
  }
  return std::nullopt;
}

std::optional<std::string> key_of(const AnswerPeriod& period) {
  if (period.kind != PublishedKind::texts) return std::nullopt;
  for (const auto& strings : period.texts) {
    const KeyRecord record = read_key_record(join_strings(strings));
    if (record.key && !record.key->sha256.empty()) return record.key->sha256;
  }
  return std::nullopt;
}

/// When one key replaced another: the first time that any server was seen with the new key.
struct KeyChange {
  std::string before{};
  WallTime seen{};
};

/// Since when a server has had the present key, without another key in between, and which key it had before.
struct KeyRun {
  WallTime since{};
  std::optional<std::string> before{};
};

std::optional<KeyRun> run_of(const ServerTimeline& timeline, const std::string& present) {
  std::optional<KeyRun> run;
  for (auto period = timeline.periods.rbegin(); period != timeline.periods.rend(); ++period) {
    const auto key = key_of(*period);
    if (!key) continue;
    if (*key == present) {
      run = KeyRun{period->first_seen, std::nullopt};
    } else {
      if (run) run->before = key;
      break;
    }
  }
  return run;
}

std::optional<KeyChange> last_change(const Evidence& evidence) {
  const auto present = present_key(evidence);
  if (!present) return std::nullopt;
  std::optional<KeyChange> change;
  for (const auto& timeline : evidence.history.servers) {
    const auto run = run_of(timeline, *present);
    if (!run || !run->before) continue;
    if (!change || run->since < change->seen) change = KeyChange{*run->before, run->since};
  }
  return change;
}

/// Until when mail signed with the key may be in transit; nothing when the settings do not name the last
/// signature.
std::optional<WallTime> verified_until(const Evidence& evidence) {
  if (!evidence.expectation.last_signature) return std::nullopt;
  return *evidence.expectation.last_signature + evidence.policy.retention;
}

/// The key that a retired selector must keep: the one in the settings, otherwise the last one seen.
std::optional<std::string> retired_key(const Evidence& evidence) {
  if (evidence.expectation.key_sha256) return evidence.expectation.key_sha256;
  const AnswerPeriod* last = nullptr;
  std::optional<std::string> key;
  for (const auto& timeline : evidence.history.servers) {
    for (const auto& period : timeline.periods) {
      // A key first seen after the last signature did not make that signature.
      if (period.first_seen > *evidence.expectation.last_signature) continue;
      if (last != nullptr && last->last_seen >= period.last_seen) continue;
      if (const auto found = key_of(period)) {
        last = &period;
        key = found;
      }
    }
  }
  return key;
}

/// Why mail signed with the key cannot be verified with the answer of this group; empty when it can.
std::string without_key(const Evidence& evidence, const AnswerGroup& group,
                        const std::optional<std::string>& key) {
  if (!group.has_texts()) return "has no record";
  for (const auto& text : evidence.texts) {
    if (!text.is_of(group)) continue;
    if (text.record.record_class == RecordClass::revoked) return "has revoked the key";
    if (fingerprint_of(text).empty()) continue;
    if (!key || fingerprint_of(text) == *key) return {};
    return "has another key";
  }
  return "has no key";
}

void find_removed_too_early(const Evidence& evidence, Verdict& verdict) {
  if (evidence.expectation.role != config::Role::retired || evidence.expectation.compromised) return;
  const auto until = verified_until(evidence);
  if (!until || evidence.answers.published.empty()) return verdict.not_evaluated();
  if (evidence.observation.observed_at >= *until) return;
  const auto key = retired_key(evidence);
  for (const auto& group : evidence.answers.published) {
    const std::string why = without_key(evidence, group, key);
    if (why.empty()) continue;
    const std::string name = group.owner.to_string();
    verdict.found(
        {.servers = servers_if_others_differ(evidence, group),
         .detail = fmt::format("{} {}, but mail signed with the key may be in transit for another {}", name,
                               why, wait_text(*until - evidence.observation.observed_at)),
         .remedy = fmt::format("Publish the old key at {} again until that time has passed, unless somebody "
                               "else has it.",
                               name)});
  }
}

void find_compromised_published(const Evidence& evidence, Verdict& verdict) {
  if (!evidence.expectation.compromised) return;
  if (evidence.answers.published.empty()) return verdict.not_evaluated();
  for (const auto& group : evidence.answers.published) {
    if (!without_key(evidence, group, evidence.expectation.key_sha256).empty()) continue;
    const std::string name = group.owner.to_string();
    verdict.found({.servers = servers_if_others_differ(evidence, group),
                   .detail = fmt::format("{} has the key", name),
                   .remedy = fmt::format("Revoke the key at {} with an empty p= now, and let every server "
                                         "transfer the zone at once.",
                                         name)});
  }
}

void find_retired_still_published(const Evidence& evidence, Verdict& verdict) {
  if (evidence.expectation.role != config::Role::retired || evidence.expectation.compromised) return;
  const auto until = verified_until(evidence);
  if (!until || evidence.answers.published.empty()) return verdict.not_evaluated();
  if (evidence.observation.observed_at < *until + removal_grace(evidence.policy.retention)) return;
  const auto key = retired_key(evidence);
  for (const auto& group : evidence.answers.published) {
    if (!without_key(evidence, group, key).empty()) continue;
    const std::string name = group.owner.to_string();
    verdict.found(
        {.servers = servers_if_others_differ(evidence, group),
         .detail = fmt::format("{} has the key, which has not been needed for {}", name,
                               elapsed_text(evidence.observation.observed_at - *until)),
         .remedy = fmt::format("Revoke the key at {} with an empty p=, and delete the record later.", name)});
  }
}

void find_reused_too_soon(const Evidence& evidence, Verdict& verdict) {
  // `removed_too_early` reports a retired selector that has another key.
  if (evidence.expectation.role == config::Role::retired) return;
  const auto until = verified_until(evidence);
  if (!until || !evidence.history.first_probe) return verdict.not_evaluated();
  const auto change = last_change(evidence);
  // A signature after the change was made with the new key.
  if (!change || change->seen <= *evidence.expectation.last_signature || change->seen >= *until ||
      evidence.observation.observed_at >= *until) {
    return;
  }
  verdict.found(
      {.detail = fmt::format(
           "key SHA-256 {}... was replaced {} after its last signature; mail signed with it "
           "may be in transit for another {}",
           change->before.substr(0, 16), elapsed_text(change->seen - *evidence.expectation.last_signature),
           wait_text(*until - evidence.observation.observed_at)),
       .remedy = "Publish the new key at an unused selector, and the old one here again."});
}

void find_changed_unexpectedly(const Evidence& evidence, Verdict& verdict) {
  if (!evidence.history.first_probe || evidence.answers.published.empty()) return verdict.not_evaluated();
  // With an expected key in the settings, `key_mismatch_expected` reports a wrong one without any history.
  if (evidence.expectation.role != config::Role::active || evidence.expectation.key_sha256) return;
  const auto change = last_change(evidence);
  if (!change || evidence.observation.observed_at - change->seen >= evidence.policy.retention) return;
  verdict.found({.detail = fmt::format("the key SHA-256 is {}..., and was {}... before",
                                       present_key(evidence)->substr(0, 16), change->before.substr(0, 16)),
                 .remedy =
                     "Find out who changed the key. If the change was intended, enter the new key in the "
                     "settings; otherwise publish the old one again."});
}

void find_age_exceeded(const Evidence& evidence, Verdict& verdict) {
  const auto highest = evidence.expectation.highest_key_age;
  const auto present = present_key(evidence);
  if (highest <= highest.zero() || !evidence.history.first_probe || !present) return verdict.not_evaluated();
  if (evidence.expectation.role != config::Role::active) return;
  std::optional<WallTime> since;
  for (const auto& timeline : evidence.history.servers) {
    if (const auto run = run_of(timeline, *present)) since = std::min(since.value_or(run->since), run->since);
  }
  if (!since || evidence.observation.observed_at - *since <= highest) return;
  verdict.found({.detail = fmt::format("the key was first seen {} ago, and should be at most {} old",
                                       elapsed_text(evidence.observation.observed_at - *since),
                                       duration_text(std::chrono::floor<std::chrono::seconds>(highest))),
                 .remedy = "Publish a new key at another selector, sign with it, and retire this one."});
}

/// Whether both names are the same record, or point to the record of the same provider.
bool is_one_place(const Evidence& evidence, const ReadText& text, const KeyPlace& place) {
  const config::DomainName& owner = text.group->owner;
  if (place.owner == owner) return true;
  const HopAnswers* const hop = hop_at(evidence.answers, owner);
  return hop != nullptr && hop->hop->delegation.zone == place.zone && stands_elsewhere(evidence, text) &&
         !place.owner.is_at_or_below(place.domain);
}

/// The other places where the key was seen, in order.
std::set<std::string> other_places(const Evidence& evidence, const ReadText& text) {
  std::set<std::string> names;
  for (const auto& place : *evidence.elsewhere) {
    const auto name = place.selector.owner_name(place.domain);
    if (place.sha256 != fingerprint_of(text) || !name || is_one_place(evidence, text, place)) continue;
    names.insert(place.is_there
                     ? name->to_string()
                     : fmt::format("{} (until {})", name->to_string(), time_text(place.last_seen)));
  }
  return names;
}

void find_reused(const Evidence& evidence, Verdict& verdict) {
  if (!evidence.elsewhere || !present_key(evidence)) return verdict.not_evaluated();
  std::set<std::string_view> reported;
  for (const auto& text : evidence.texts) {
    const std::string_view key = fingerprint_of(text);
    if (key.empty()) continue;
    const auto names = other_places(evidence, text);
    if (names.empty() || !reported.insert(key).second) continue;
    verdict.found(
        {.detail = fmt::format("key SHA-256 {}... at {} was also seen at {}", key.substr(0, 16),
                               text.group->owner.to_string(), join_some({names.begin(), names.end()})),
         .remedy = fmt::format("Generate a separate key pair for the next key of {}.",
                               evidence.observation.selector.to_string())},
        evidence.policy.distinct_keys ? std::optional(Severity::warning) : std::nullopt);
  }
}

constexpr Check history_rows[] = {
    {.name = "removed_too_early",
     .scope = Scope::record,
     .needs = Needs::history,
     .severity = Severity::critical,
     .reference = "RFC 6376 section 3.1",
     .summary = "the key of a retired selector was removed while mail signed with it may be in transit",
     .effect = "signatures on delayed or forwarded mail fail",
     .remedy =
         "Publish the old key again until the mail signed with it has arrived, unless somebody else has "
         "it.",
     .example = {Example::behaviour, "The key signed until Monday; on Tuesday its record is deleted."},
     .find = find_removed_too_early},
    {.name = "compromised_key_published",
     .scope = Scope::record,
     .needs = Needs::all_servers,
     .severity = Severity::critical,
     .reference = "RFC 6376 section 3.6.1",
     .summary = "the settings say that somebody else has the private key, but the key is still published",
     .effect = "whoever has the key can sign as the domain",
     .remedy = "Revoke the key with an empty p= now, and let every server transfer the zone at once.",
     .example = {Example::behaviour,
                 "The settings have `compromised: yes`, and one of two servers still has "
                 "the key."},
     .find = find_compromised_published},
    {.name = "retired_key_still_published",
     .scope = Scope::record,
     .needs = Needs::history,
     .severity = Severity::warning,
     .reference = "RFC 6376 section 3.6.1",
     .summary = "the key of a retired selector is still published after its removal date",
     .effect = "anyone who gets or breaks the old private key can sign as the domain",
     .remedy = "Revoke the key with an empty p=, and delete the record later.",
     .example = {Example::behaviour,
                 "The key last signed two months ago, and its record is still published."},
     .find = find_retired_still_published},
    {.name = "selector_reused_too_soon",
     .scope = Scope::key,
     .needs = Needs::history,
     .severity = Severity::critical,
     .reference = "RFC 6376 section 3.1",
     .summary = "the key was replaced while mail signed with the old one may be in transit",
     .effect = "signatures made with the old key fail",
     .remedy = "Publish a new key at a new selector, and keep the old one until its mail has arrived.",
     .example = {Example::behaviour,
                 "s1 signed until Monday; on Tuesday s1._domainkey.example.com has a new key."},
     .find = find_reused_too_soon},
    {.name = "key_changed_unexpectedly",
     .scope = Scope::key,
     .needs = Needs::history,
     .severity = Severity::critical,
     .summary = "the key of an active selector has changed",
     .effect = "signatures made with the old key fail; if the change was not intended, an attacker may "
               "sign as the domain",
     .remedy = "Find out who changed the key; if the change was intended, enter the new key in the settings.",
     .example = {Example::behaviour, "s1 has a different key than yesterday, and the settings name none."},
     .find = find_changed_unexpectedly},
    {.name = "key_age_exceeded",
     .scope = Scope::key,
     .needs = Needs::history,
     .severity = Severity::warning,
     .summary = "the key is older than the settings allow",
     .effect = "the longer a key is in use, the more harm a leak does",
     .remedy = "Rotate to a new key at another selector.",
     .example = {Example::behaviour, "The key was first seen 400 days ago, and the settings allow 365 days."},
     .find = find_age_exceeded},
    {.name = "key_reused",
     .scope = Scope::key,
     .needs = Needs::history,
     .severity = Severity::notice,
     .summary = "another selector has the same key",
     .effect = "anyone who gets the private key can sign as each name, and rotating from one to the other "
               "changes nothing",
     .remedy = "Give each selector its own key pair.",
     .example =
         {Example::behaviour,
          "s1 and s2 of example.com have the same key, or s1 of example.com and s1 of example.net do."},
     .find = find_reused},
};

}  // namespace

std::span<const Check> history_checks() {
  return history_rows;
}

}  // namespace dkimprobe::checks
