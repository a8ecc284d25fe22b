#include "checks/judgement/judge.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "checks/answers/chain_answers.hpp"
#include "checks/answers/delegation_facts.hpp"
#include "checks/catalogue/catalogue.hpp"
#include "checks/catalogue/evidence.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/judgement/headline.hpp"
#include "checks/judgement/published_facts.hpp"
#include "checks/record/other_text.hpp"
#include "checks/verifiers/rewrite.hpp"
#include "checks/verifiers/verifier.hpp"

namespace dkimprobe::checks {

namespace {

/// The text that the report describes: the first group's key record, else its first text.
const ReadText* main_text(const Evidence& evidence) {
  if (evidence.answers.published.empty()) return nullptr;
  const ReadText* first = nullptr;
  for (const auto& text : evidence.texts) {
    if (text.group != &evidence.answers.published.front()) continue;
    if (text.record.is_key_record()) return &text;
    if (first == nullptr) first = &text;
  }
  return first;
}

/// Describes the key in the row of each server that publishes one.
void describe_keys(const Evidence& evidence, const HopAnswers& hop, std::vector<ServerRow>& rows) {
  for (auto& row : rows) {
    const auto group = std::ranges::find_if(hop.groups, [&](const AnswerGroup& each) {
      return each.has_texts() && std::ranges::find(each.servers, row.id) != each.servers.end();
    });
    if (group == hop.groups.end()) continue;
    if (group->texts.size() > 1) {
      row.answer = fmt::format("{} TXT records", group->texts.size());
      continue;
    }
    const ReadText* const text = find_text(evidence, group->texts.front().text);
    if (text == nullptr) continue;
    row.answer = describe(text->record);
    if (const std::string key = distinguishing_fingerprint(evidence, *text); !key.empty())
      row.answer += " " + key;
  }
}

RecordFacts record_facts(const Evidence& evidence, const ReadText* text) {
  RecordFacts facts;
  if (evidence.answers.published.empty()) return facts;
  facts.record_class = RecordClass::absent;
  if (text == nullptr) return facts;
  facts.record_class = text->record.record_class;
  facts.withheld = text->record.is_leak();
  if (!facts.withheld) facts.strings = text->published->strings;
  facts.tags = text->record.list.tags;
  if (text->group->standing != Standing::right)
    facts.servers = servers_if_others_differ(evidence, *text->group);
  return facts;
}

std::optional<KeyFacts> key_facts(const ReadText* text) {
  if (text == nullptr || !text->record.key || text->record.key->algorithm.empty() || text->record.is_leak())
    return std::nullopt;
  const PublicKey& key = *text->record.key;
  return KeyFacts{key.algorithm, key.bits, key.sha256, key.exponent};
}

/// Of mail: the models know no other service. Reasons may quote the text, so a private key has none.
Compatibility compatibility(const Evidence& evidence, const ReadText* text) {
  Compatibility result;
  if (text == nullptr || text->record.is_leak() || evidence.expectation.service != config::Service::email)
    return result;
  std::vector<std::string_view> texts;
  for (const auto& each : text->group->texts) texts.emplace_back(each.text);
  result.verdicts = judge_compatibility(texts, algorithm_of(text->record));
  if (texts.size() == 1 && !all_accept(result)) result.rewrite = rewrite_for_all(text->record);
  return result;
}

/// Whether the answers alone show the fault, and it affects mail signed with the key.
bool concerns_signing(const Check& check) {
  switch (check.needs) {
    case Needs::key_text:
    case Needs::adsp_text:
    case Needs::policy_text:
    case Needs::one_server:
    case Needs::all_servers:
      return check.concerns_signing;
    case Needs::path:
    case Needs::history:
    case Needs::message:
      return false;
  }
  return false;
}

/// What the checks found so far.
struct Found {
  std::vector<Finding> findings{};
  std::vector<Finding> in_use{};   ///< see Judgement
  std::string path_intercepted{};  ///< see Judgement
};

/// The check's result after the operator's policy and then the selector's role are applied. The role comes
/// last because it covers what the policy cannot express, for example that servers may differ while a key is
/// being published.
CheckResult run_check(const Check& check, const Evidence& evidence, Found& found) {
  const Policy& policy = evidence.policy;
  Verdict verdict(check);
  check.find(evidence, verdict);
  if (check.needs == Needs::path && !verdict.findings().empty())
    found.path_intercepted = verdict.findings().front().detail;
  if (const auto off = policy.disabled.find(check.name); off != policy.disabled.end()) {
    return {&check, CheckOutcome::not_evaluated, off->second};
  }
  const CheckOutcome outcome = verdict.outcome();
  if (outcome != CheckOutcome::found) return {&check, outcome, {}};
  const auto set_severity = [&](Severity severity) {
    for (auto& finding : verdict.findings()) finding.severity = severity;
  };
  if (const auto wanted = policy.severities.find(check.name); wanted != policy.severities.end()) {
    set_severity(wanted->second);
  }
  if (concerns_signing(check)) std::ranges::copy(verdict.findings(), std::back_inserter(found.in_use));
  switch (check.roles.of(evidence.expectation.role)) {
    case RoleEffect::as_found:
      break;
    case RoleEffect::notice:
      set_severity(Severity::notice);
      break;
    case RoleEffect::clear:
      return {&check, CheckOutcome::clear, {}};
    case RoleEffect::not_evaluated:
      // When the last signature is known, `removed_too_early` reports what was removed too early.
      return {&check,
              evidence.expectation.last_signature ? CheckOutcome::clear : CheckOutcome::not_evaluated,
              {}};
  }
  std::ranges::move(verdict.findings(), std::back_inserter(found.findings));
  return {&check, outcome, {}};
}

/// If most verifiers reject the record, its faults are critical, unless a critical one explains that already.
/// What the policy says of a check stays.
void raise_what_verifiers_reject(const Policy& policy, std::vector<Finding>& findings) {
  const bool is_explained = std::ranges::any_of(findings, [](const Finding& finding) {
    return finding.severity == Severity::critical && finding.check->needs == Needs::key_text;
  });
  if (is_explained) return;
  for (Finding& finding : findings) {
    if (finding.severity == Severity::warning && finding.check->receivers_decide &&
        !policy.severities.contains(finding.check->name))
      finding.severity = Severity::critical;
  }
}

std::vector<Finding> worst_first(const std::vector<Finding>& findings) {
  std::vector<Finding> sorted;
  for (const Severity severity : {Severity::critical, Severity::warning, Severity::notice}) {
    std::ranges::copy_if(findings, std::back_inserter(sorted),
                         [&](const Finding& finding) { return finding.severity == severity; });
  }
  return sorted;
}

/// An outcome for each row of the catalogue; a row that is not `chosen` is not evaluated. Rows about
/// signatures are left out without a signature. The report has its compatibility already.
template <class Choose>
Found judge_rows(const Evidence& evidence, Report& report, Choose chosen) {
  Found found;
  for (const Check& check : catalogue()) {
    if (check.scope == Scope::signature && evidence.signatures.empty()) continue;
    report.outcomes.push_back(chosen(check) ? run_check(check, evidence, found)
                                            : CheckResult{&check, CheckOutcome::not_evaluated, {}});
  }
  if (most_reject(report.compatibility)) {
    for (auto* const findings : {&found.findings, &found.in_use})
      raise_what_verifiers_reject(evidence.policy, *findings);
  }
  report.findings = worst_first(found.findings);
  return found;
}

/// Answers as if servers published one text at the name; the servers are not known.
ChainAnswers answers_of(const config::DomainName& name, std::vector<std::string> strings) {
  PublishedText text;
  for (const auto& string : strings) text.text += string;
  text.strings = std::move(strings);
  AnswerGroup group;
  group.owner = name;
  group.texts.push_back(std::move(text));
  ChainAnswers answers;
  answers.published.push_back(std::move(group));
  answers.known = true;
  return answers;
}

RotationFacts rotation_facts(const SelectorHistory& history, const Expectation& expectation,
                             const Policy& policy, const probe::Observation& observation) {
  RotationPolicy times;
  times.retention = std::chrono::ceil<std::chrono::seconds>(policy.retention);
  for (const auto& hop : observation.key.hops) {
    for (const auto& server : hop.servers) {
      if (server.not_asked != probe::NotAsked::family_disabled) continue;
      (server.address.ip.family() == config::Family::ipv4 ? times.ipv4 : times.ipv6) = false;
    }
  }
  RotationFacts facts;
  if (history.first_probe) {
    NewKey key;
    key.sha256 = expectation.key_sha256;
    key.never_used = expectation.never_used;
    key.service = expectation.service;
    if (expectation.only_selector) key.domainkey_absence = earlier_domainkey_absence(observation, times);
    const auto sign = safe_to_sign(history, key, {}, times, observation.observed_at);
    facts.safe_to_sign_at = sign.safe.at;
    facts.reasons = sign.safe.reasons;
  }
  if (expectation.last_signature && !expectation.compromised) {
    const auto remove = safe_to_remove(expectation.last_signature, times, observation.observed_at);
    facts.safe_to_remove_at = remove.at;
    std::ranges::copy(remove.reasons, std::back_inserter(facts.reasons));
  }
  return facts;
}

/// A retired selector may have lost its record already: its role does not decide whether one should be there.
Expected expected_answer(const Expectation& expectation) {
  return {.key_sha256 = expectation.key_sha256,
          .service = expectation.service,
          .record = expectation.role != config::Role::retired};
}

/// Whether the history has something that was seen after `time`.
bool goes_beyond(const SelectorHistory& history, WallTime time) {
  return std::max(history.last_probe, history.past.last_probe) > time;
}

std::vector<dnssec::HopValidation> validate(const probe::Observation& observation, const Policy& policy) {
  std::vector<dnssec::HopValidation> validations;
  if (!policy.validates_dnssec || policy.trust_anchors == nullptr) return validations;
  // A signature that is made for an answer begins when it is asked for.
  const auto now = std::chrono::floor<std::chrono::seconds>(end_of(observation));
  for (const auto& hop : observation.key.hops)
    validations.push_back(dnssec::validate_hop(hop, *policy.trust_anchors, now));
  return validations;
}

DnssecFacts dnssec_facts(const HopAnswers& hop, const dnssec::HopValidation& validation) {
  DnssecFacts facts;
  facts.owner = hop.hop->owner;
  for (const auto& link : validation.zones) facts.zones.push_back({link.zone, link.state, link.key_tags});
  for (const auto& one : validation.servers) {
    ServerSecurity& server = facts.servers.emplace_back();
    server.id = answer_at(hop, one.server->address)->id;
    server.state = one.validation.state;
    if (one.validation.broken) server.broken_link = one.validation.broken->sentence;
    if (one.first_to_expire) server.expires = one.first_to_expire->expiration;
  }
  return facts;
}

/// Adds the facts that the report shows in addition to the verdicts.
void add_facts(const Evidence& evidence, Report& report) {
  const probe::Observation& observation = evidence.observation;
  const ChainAnswers& answers = evidence.answers;
  report.domain = observation.domain;
  report.selector = observation.selector;
  if (const auto name = observation.selector.owner_name(observation.domain)) report.name = *name;
  report.observed_at = observation.observed_at;
  report.took = observation.took;
  const ReadText* const text = main_text(evidence);
  report.record = record_facts(evidence, text);
  report.key = key_facts(text);
  report.size = evidence.size;
  for (const auto& hop : answers.hops) {
    std::vector<ServerRow> rows = hop.rows;
    describe_keys(evidence, hop, rows);
    std::ranges::move(rows, std::back_inserter(report.servers));
    report.delegations.push_back(hop.hop->delegation);
    if (const auto* const validation = validation_of(evidence, hop))
      report.dnssec.push_back(dnssec_facts(hop, *validation));
    report.negative_ttl_seconds = std::max(report.negative_ttl_seconds, negative_ttl(hop));
  }
  report.not_asked = unasked_parents(report.delegations);
  if (std::string unread = unread_texts(answers, evidence.texts); !unread.empty())
    report.not_asked.emplace_back(std::move(unread));
  report.chain = answers.aliases;
  if (evidence.history.first_probe || evidence.expectation.last_signature)
    report.rotation = rotation_facts(evidence.history, evidence.expectation, evidence.policy, observation);
  report.adsp = evidence.adsp.policy;
}

}  // namespace

Judgement judge(const probe::Observation& observation, const Expectation& expectation, const Policy& policy,
                std::span<const SignatureField> signatures) {
  return judge(observation, expectation, SelectorHistory{}, policy, signatures);
}

Judgement judge(const probe::Observation& observation, const Expectation& expectation,
                const SelectorHistory& history, const Policy& policy,
                std::span<const SignatureField> signatures, const KeyPlaces& elsewhere,
                ExaminedKeys* examined) {
  // A copy only where the history goes on after the observation.
  std::optional<SelectorHistory> cut;
  const WallTime end = end_of(observation);
  if (goes_beyond(history, end)) forget_after(cut.emplace(history), end);
  const ChainAnswers answers = read_answers(observation.key, expected_answer(expectation));
  const ChainAnswers adsp_answers = read_answers(observation.adsp);
  Evidence evidence{.observation = observation,
                    .expectation = expectation,
                    .policy = policy,
                    .history = cut ? *cut : history,
                    .answers = answers,
                    .adsp_answers = adsp_answers,
                    .elsewhere = elsewhere,
                    .texts = read_texts(answers, expectation, policy, examined),
                    .adsp = read_practices(observation, adsp_answers),
                    .validations = validate(observation, policy),
                    .silences = read_silences(observation, answers)};
  evidence.places = places_of(evidence.texts);
  evidence.size = measure(answers, evidence.texts);
  for (const auto& field : signatures) {
    if (field.domain == observation.domain && field.selector == observation.selector)
      evidence.signatures.push_back(&field);
  }

  Report report;
  report.role = expectation.role;
  report.compatibility = compatibility(evidence, main_text(evidence));
  const bool intercepted = intercepted_delegation(observation) != nullptr;
  Found found = judge_rows(evidence, report,
                           [&](const Check& check) { return !intercepted || check.needs == Needs::path; });
  add_facts(evidence, report);
  report.status = intercepted ? Status::unknown : status_of(report, answers);
  report.headline = headline_of(report, evidence, main_text(evidence));
  return {std::move(report), worst_first(found.in_use), std::move(found.path_intercepted)};
}

Report judge_record(const RecordPlace& place, std::vector<std::string> strings,
                    const Expectation& expectation, const Policy& policy, ExaminedKeys* examined) {
  probe::Observation observation;
  observation.domain = place.domain;
  observation.selector = place.selector.value_or(config::Selector{});
  const ChainAnswers texts = answers_of(place.name, std::move(strings));
  const ChainAnswers nothing;
  const std::string& joined = texts.published.front().texts.front().text;
  const bool is_policy = place.is_domainkey && has_policy_tags_alone(parse_tag_list(joined, {}));
  const ChainAnswers& answers = place.is_adsp || is_policy ? nothing : texts;
  const ChainAnswers& adsp_answers = place.is_adsp ? texts : nothing;
  const SelectorHistory no_history;
  const KeyPlaces not_known;
  Evidence evidence{.observation = observation,
                    .expectation = expectation,
                    .policy = policy,
                    .history = no_history,
                    .answers = answers,
                    .adsp_answers = adsp_answers,
                    .elsewhere = not_known,
                    .texts = read_texts(answers, expectation, policy, examined),
                    .adsp = read_practices(observation, adsp_answers)};
  evidence.places = places_of(evidence.texts);
  evidence.size = measure(texts, evidence.texts);
  if (is_policy) evidence.policy_text = joined;
  if (place.name.is_root()) evidence.size.direct.reset();

  Report report;
  report.domain = observation.domain;
  report.selector = observation.selector;
  report.name = place.name;
  report.role = expectation.role;
  const Needs given = place.is_adsp ? Needs::adsp_text : is_policy ? Needs::policy_text : Needs::key_text;
  const bool is_key_place = given == Needs::key_text;
  const ReadText* const text = is_key_place ? main_text(evidence) : nullptr;
  report.compatibility = compatibility(evidence, text);
  static_cast<void>(judge_rows(evidence, report, [&](const Check& check) { return check.needs == given; }));
  report.record = record_facts(evidence, text);
  if (!is_key_place) {
    report.record.record_class = RecordClass::not_dkim;
    report.record.withheld = read_key_record(joined).is_leak();
    if (!report.record.withheld) report.record.strings = texts.published.front().texts.front().strings;
  }
  report.key = key_facts(text);
  report.size = evidence.size;
  report.adsp = evidence.adsp.policy;
  report.status = status_of(report);
  if (report.status != Status::ok) {
    report.headline = headline_of_findings(report);
  } else {
    report.headline =
        text == nullptr ? fmt::format("ADSP {}", to_string(report.adsp)) : describe(text->record);
  }
  return report;
}

}  // namespace dkimprobe::checks
