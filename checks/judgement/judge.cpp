#include "checks/judgement/judge.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "checks/answers/chain_answers.hpp"
#include "checks/answers/delegation_facts.hpp"
#include "checks/catalogue/catalogue.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"
#include "checks/catalogue/record_pieces.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/record/other_text.hpp"
#include "checks/record/size.hpp"

namespace dkimprobe::checks {

namespace {

std::vector<ReadText> read_texts(const ChainAnswers& answers, config::Service service) {
  std::vector<ReadText> texts;
  std::set<std::string_view> seen;
  for (const auto& group : answers.published) {
    for (const auto& text : group.texts) {
      if (seen.insert(text.text).second)
        texts.push_back({&text, &group, read_key_record(text.text, service), false});
    }
  }
  mark_pieces(answers, service, texts);
  return texts;
}

/// The text that the report describes: the largest group's key record, else its first text.
const ReadText* main_text(const Evidence& evidence) {
  const ReadText* first = nullptr;
  for (const auto& text : evidence.texts) {
    if (text.group != &evidence.answers.published.front()) continue;
    if (text.record.is_key_record()) return &text;
    if (first == nullptr) first = &text;
  }
  return first;
}

/// The targets of the records of one step of the chain: a DNAME's own target and the next name, to which the
/// CNAME synthesized from it points; or only the next name (RFC 6672 section 3.1).
std::vector<config::DomainName> step_targets(const HopAnswers& hop, const config::DomainName& next) {
  std::vector<config::DomainName> targets;
  for (const auto& server : hop.servers) {
    if (server.is_stray() || server.whole() == nullptr) continue;
    for (const auto& alias : server.whole()->aliases) {
      if (!alias.is_dname || alias.target != next) continue;
      return {own_target(alias, hop.hop->owner), next};
    }
  }
  return {next};
}

/// The targets of the records from the first name to `owner`, in order.
std::vector<config::DomainName> alias_targets(const ChainAnswers& answers, const config::DomainName& owner) {
  std::vector<config::DomainName> targets;
  if (answers.hops.empty()) return targets;
  config::DomainName name = answers.hops.front().hop->owner;
  for (std::size_t steps = 0; !(name == owner) && steps < answers.hops.size(); ++steps) {
    const auto hop =
        std::ranges::find_if(answers.hops, [&](const HopAnswers& each) { return each.hop->owner == name; });
    if (hop == answers.hops.end()) break;
    const auto group =
        std::ranges::find_if(hop->groups, [](const AnswerGroup& each) { return each.alias.has_value(); });
    if (group == hop->groups.end()) break;
    std::ranges::move(step_targets(*hop, *group->alias), std::back_inserter(targets));
    name = *group->alias;
  }
  return targets;
}

void keep_largest(std::optional<std::uint32_t>& largest, std::uint32_t bytes) {
  largest = std::max(largest.value_or(0), bytes);
}

SizeFacts measure(const ChainAnswers& answers, const std::vector<ReadText>& texts) {
  SizeFacts size;
  for (const auto& hop : answers.hops) {
    for (const auto& server : hop.hop->servers) {
      for (const auto& exchange : server.exchanges) {
        if (!exchange.response || exchange.response->txt.empty()) continue;
        switch (exchange.purpose) {
          case probe::Purpose::record_plain:
            keep_largest(size.observed_udp, exchange.bytes_received);
            break;
          case probe::Purpose::record_edns:
            keep_largest(size.observed_edns, exchange.bytes_received);
            break;
          case probe::Purpose::record_tcp:
            keep_largest(size.observed_tcp, exchange.bytes_received);
            break;
          case probe::Purpose::zone_soa:
          case probe::Purpose::zone_ns:
          case probe::Purpose::wildcard_probe:
          case probe::Purpose::domainkey:
          case probe::Purpose::cut:
          case probe::Purpose::host_address:
            break;
        }
      }
    }
  }
  if (answers.published.empty() || !answers.published.front().has_texts()) return size;
  const AnswerGroup& group = answers.published.front();
  std::vector<std::uint32_t> rdata;
  rdata.reserve(group.texts.size());
  for (const auto& text : group.texts) rdata.push_back(txt_rdata_bytes(text.strings));
  size.direct = answer_bytes(group.owner, rdata);
  const auto targets = alias_targets(answers, group.owner);
  if (!targets.empty()) size.chain = answer_bytes(answers.hops.front().hop->owner, rdata, targets);
  for (const auto& text : texts) {
    if (text.group != &group || !text.record.is_key_record()) continue;
    for (const auto& tag : droppable_tags(text.record.list.tags)) size.drop_first.push_back(tag.text);
    break;
  }
  return size;
}

/// The signing practices that the servers publish (RFC 5617 section 4.3).
AdspRecord read_practices(const probe::Observation& observation, const ChainAnswers& answers) {
  AdspRecord record;
  if (domain_denied(observation)) {
    record.policy = AdspPolicy::out_of_scope;
  } else if (answers.published.empty()) {
    record.policy = AdspPolicy::not_known;
  } else if (const auto& texts = answers.published.front().texts; texts.size() == 1) {
    record = read_adsp_record(texts.front().text);
  } else {
    record.policy = texts.empty() ? AdspPolicy::none : AdspPolicy::invalid;
  }
  return record;
}

std::optional<std::uint32_t> negative_ttl(const ChainAnswers& answers) {
  std::optional<std::uint32_t> ttl;
  for (const auto& hop : answers.hops) {
    for (const auto& server : hop.servers) {
      if (server.soa_record == nullptr) continue;
      keep_largest(ttl, std::min(server.soa_record->ttl_seconds, server.soa_record->minimum_seconds));
    }
  }
  return ttl;
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
    const auto text = std::ranges::find_if(evidence.texts, [&](const ReadText& each) {
      return each.published->text == group->texts.front().text;
    });
    if (text == evidence.texts.end()) continue;
    row.answer = describe(text->record);
    if (const std::string key = telling_fingerprint(evidence, *text); !key.empty()) row.answer += ' ' + key;
  }
}

RecordFacts record_facts(const Evidence& evidence, const ReadText* text) {
  RecordFacts facts;
  if (evidence.answers.published.empty()) return facts;
  facts.record_class = RecordClass::absent;
  if (text == nullptr) return facts;
  facts.record_class = text->record.record_class;
  facts.strings = text->published->strings;
  facts.tags = text->record.list.tags;
  return facts;
}

std::optional<KeyFacts> key_facts(const ReadText* text) {
  if (text == nullptr || !text->record.key || text->record.key->algorithm.empty()) return std::nullopt;
  const PublicKey& key = *text->record.key;
  return KeyFacts{key.algorithm, key.bits, key.sha256, key.exponent};
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

std::vector<Finding> worst_first(const std::vector<Finding>& findings) {
  std::vector<Finding> sorted;
  for (const Severity severity : {Severity::critical, Severity::warning, Severity::notice}) {
    std::ranges::copy_if(findings, std::back_inserter(sorted),
                         [&](const Finding& finding) { return finding.severity == severity; });
  }
  return sorted;
}

/// An outcome for each row of the catalogue; a row that is not `chosen` is not evaluated. Rows about
/// signatures are left out without a signature.
template <class Choose>
Found judge_rows(const Evidence& evidence, Report& report, Choose chosen) {
  Found found;
  for (const Check& check : catalogue()) {
    if (check.scope == Scope::signature && evidence.signatures.empty()) continue;
    report.outcomes.push_back(chosen(check) ? run_check(check, evidence, found)
                                            : CheckResult{&check, CheckOutcome::not_evaluated, {}});
  }
  report.findings = worst_first(found.findings);
  return found;
}

Severity worst_severity(const Report& report) {
  Severity worst_found = Severity::notice;
  for (const auto& finding : report.findings) worst_found = std::max(worst_found, finding.severity);
  return worst_found;
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

/// The number of servers that this machine failed to query, for example for lack of file descriptors.
std::ptrdiff_t failed_here(const Report& report) {
  return std::ranges::count(report.servers, ServerOutcome::local_error, &ServerRow::outcome);
}

Status status_of(const Report& report, const ChainAnswers& answers) {
  const Severity worst_found = worst_severity(report);
  if (worst_found == Severity::critical) return Status::critical;
  if (!answers.known || answers.published.empty() || failed_here(report) > 0 || is_internal_view(answers))
    return Status::unknown;
  return worst_found == Severity::warning ? Status::warning : Status::ok;
}

std::string headline_of_findings(const Report& report) {
  const Finding& first = report.findings.front();
  std::set<std::string_view> others;
  for (const auto& finding : report.findings) {
    if (finding.severity == first.severity && finding.check != first.check)
      others.insert(finding.check->name);
  }
  return others.empty() ? std::string(first.check->summary)
                        : fmt::format("{} (and {} more)", first.check->summary, others.size());
}

std::string absence_text(config::Role role) {
  switch (role) {
    case config::Role::pending:
    case config::Role::standby:
      return "no record yet";
    case config::Role::active:
    case config::Role::retired:
      return "no record";
  }
  return {};
}

std::string headline_of(const Report& report, const Evidence& evidence, const ReadText* text) {
  if (const auto* const intercepted = intercepted_delegation(evidence.observation))
    return intercepted->cuts.empty() ? "the given servers are resolvers, or this network answers DNS itself"
                                     : std::string(path_checks().front().summary);
  switch (report.status) {
    case Status::critical:
    case Status::warning:
      return headline_of_findings(report);
    case Status::unknown:
      if (failed_here(report) > 0) {
        if (const auto& shortage = evidence.observation.rate_shortage) {
          return fmt::format(
              "the time was too short to ask {} of {} servers at the rate limit; {} s are needed",
              failed_here(report), report.servers.size(),
              std::chrono::ceil<std::chrono::seconds>(shortage->needed).count());
        }
        return fmt::format("this machine failed to ask {} of {} servers", failed_here(report),
                           report.servers.size());
      }
      if (is_internal_view(evidence.answers))
        return "the public view of the zone is not visible from this network";
      for (const auto& hop : evidence.answers.hops) {
        if (hop.groups.empty()) {
          return fmt::format("no server gave an authoritative answer for {}", hop.hop->owner.to_string());
        }
      }
      return "no server gave an authoritative answer";
    case Status::ok: {
      const std::size_t servers = evidence.answers.published.front().servers.size();
      return fmt::format("{} on {} server{}",
                         text == nullptr ? absence_text(report.role) : describe(text->record), servers,
                         servers == 1 ? "" : "s");
    }
  }
  return {};
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
  if (expectation.last_signature) {
    const auto remove = safe_to_remove(expectation.last_signature, times, observation.observed_at);
    facts.safe_to_remove_at = remove.at;
    std::ranges::copy(remove.reasons, std::back_inserter(facts.reasons));
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
  const ReadText* const text = answers.published.empty() ? nullptr : main_text(evidence);
  report.record = record_facts(evidence, text);
  report.key = key_facts(text);
  report.size = evidence.size;
  for (const auto& hop : answers.hops) {
    std::vector<ServerRow> rows = hop.rows;
    describe_keys(evidence, hop, rows);
    std::ranges::move(rows, std::back_inserter(report.servers));
    report.delegations.push_back(hop.hop->delegation);
  }
  report.not_asked = unasked_parents(report.delegations);
  report.chain = answers.aliases;
  report.negative_ttl_seconds = negative_ttl(answers);
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
                std::span<const SignatureField> signatures, const KeyPlaces& elsewhere) {
  SelectorHistory known = history;
  forget_after(known, end_of(observation));
  const ChainAnswers answers = read_answers(observation.key);
  const ChainAnswers adsp_answers = read_answers(observation.adsp);
  Evidence evidence{observation, expectation, policy, known, answers, adsp_answers, elsewhere, {},
                    {},          {},          {},     {},    {}};
  evidence.texts = read_texts(answers, expectation.service);
  evidence.adsp = read_practices(observation, adsp_answers);
  evidence.size = measure(answers, evidence.texts);
  evidence.silences = read_silences(observation, answers);
  for (const auto& field : signatures) {
    if (field.domain == observation.domain && field.selector == observation.selector)
      evidence.signatures.push_back(&field);
  }

  Report report;
  report.role = expectation.role;
  const bool intercepted = intercepted_delegation(observation) != nullptr;
  Found found = judge_rows(evidence, report,
                           [&](const Check& check) { return !intercepted || check.needs == Needs::path; });
  add_facts(evidence, report);
  report.status = intercepted ? Status::unknown : status_of(report, answers);
  report.headline = headline_of(report, evidence, answers.published.empty() ? nullptr : main_text(evidence));
  return {std::move(report), worst_first(found.in_use), std::move(found.path_intercepted)};
}

Report judge_record(const RecordPlace& place, std::vector<std::string> strings,
                    const Expectation& expectation, const Policy& policy) {
  probe::Observation observation;
  observation.domain = place.domain;
  observation.selector = place.selector.value_or(config::Selector{});
  ChainAnswers texts = answers_of(place.name, std::move(strings));
  ChainAnswers nothing;
  const std::string& joined = texts.published.front().texts.front().text;
  const bool is_policy = place.is_domainkey && has_policy_tags_alone(parse_tag_list(joined, {}));
  const ChainAnswers& answers = place.is_adsp || is_policy ? nothing : texts;
  const ChainAnswers& adsp_answers = place.is_adsp ? texts : nothing;
  const SelectorHistory no_history;
  const KeyPlaces not_known;
  Evidence evidence{observation, expectation, policy, no_history, answers, adsp_answers, not_known, {},
                    {},          {},          {},     {},         {}};
  evidence.texts = read_texts(answers, expectation.service);
  evidence.adsp = read_practices(observation, adsp_answers);
  evidence.size = measure(texts, evidence.texts);
  if (is_policy) evidence.policy_text = joined;
  if (place.name.is_root()) evidence.size.direct.reset();

  Report report;
  report.domain = observation.domain;
  report.selector = observation.selector;
  report.name = place.name;
  report.role = expectation.role;
  const Needs given = place.is_adsp ? Needs::adsp_text : is_policy ? Needs::policy_text : Needs::key_text;
  static_cast<void>(judge_rows(evidence, report, [&](const Check& check) { return check.needs == given; }));
  const bool is_key_place = given == Needs::key_text;
  const ReadText* const text = is_key_place ? main_text(evidence) : nullptr;
  report.record = record_facts(evidence, text);
  if (!is_key_place) {
    report.record.record_class = RecordClass::not_dkim;
    report.record.strings = texts.published.front().texts.front().strings;
  }
  report.key = key_facts(text);
  report.size = evidence.size;
  report.adsp = evidence.adsp.policy;
  switch (worst_severity(report)) {
    case Severity::critical:
      report.status = Status::critical;
      break;
    case Severity::warning:
      report.status = Status::warning;
      break;
    case Severity::notice:
      report.status = Status::ok;
      break;
  }
  if (report.status != Status::ok) {
    report.headline = headline_of_findings(report);
  } else {
    report.headline =
        text == nullptr ? fmt::format("ADSP {}", to_string(report.adsp)) : describe(text->record);
  }
  return report;
}

Status worst(std::span<const Status> statuses) {
  for (const Status status : {Status::critical, Status::unknown, Status::warning}) {
    if (std::ranges::find(statuses, status) != statuses.end()) return status;
  }
  return statuses.empty() ? Status::unknown : Status::ok;
}

Status worst(const std::vector<Report>& reports) {
  std::vector<Status> statuses;
  for (const auto& report : reports) statuses.push_back(report.status);
  return worst(statuses);
}

}  // namespace dkimprobe::checks
