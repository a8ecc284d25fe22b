#include "checks/rotation/preflight.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "checks/answers/chain_answers.hpp"
#include "checks/answers/server_answer.hpp"
#include "checks/record/key_record.hpp"
#include "checks/record/text_damage.hpp"
#include "checks/rotation/probed_selector.hpp"
#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {
namespace {

std::string without_space(std::string_view text) {
  std::string rest;
  std::ranges::remove_copy_if(text, std::back_inserter(rest), config::is_space);
  return rest;
}

std::string_view words_for(DamageKind kind) {
  switch (kind) {
    case DamageKind::escaped_semicolon:
      return "backslashes before its semicolons";
    case DamageKind::embedded_quotes:
      return "quotation marks around it";
    case DamageKind::boundary_quotes:
      return "quotation marks at its string boundaries";
    case DamageKind::html:
      return "HTML in place of characters";
    case DamageKind::escape_sequence:
      return "escapes in place of characters";
    case DamageKind::utf16:
      return "UTF-16 in place of ASCII";
    case DamageKind::smart_punctuation:
      return "typographic quotation marks or dashes";
    case DamageKind::zonefile_leak:
      return "pieces of a zone file";
    case DamageKind::non_ascii:
      return "characters that are not ASCII";
    case DamageKind::control_char:
      return "control characters";
    case DamageKind::bad_folding:
      return "line breaks inside";
    case DamageKind::line_break_in_key:
      return "line breaks inside its key";
  }
  return {};
}

std::string cause_of(std::string_view published, std::string_view meant) {
  const CleanText clean = clean_text(published);
  if (!clean.damage.empty() && without_space(clean.text) == without_space(meant)) {
    std::string words;
    for (const auto& damage : clean.damage)
      words += fmt::format("{}{}", words.empty() ? "" : " and ", words_for(damage.kind));
    return fmt::format("publishing put {} into the text", words);
  }
  if (without_space(published) == without_space(meant)) return "white space was added or lost";
  if (meant.starts_with(published)) {
    return fmt::format("its end is missing: {} of {} octets are published", published.size(), meant.size());
  }
  if (published.starts_with(meant))
    return fmt::format("{} octets follow its end", published.size() - meant.size());
  if (config::lower_case(published) == config::lower_case(meant)) return "the case of letters changed";
  return {};
}

std::vector<ServerId> servers_with(const ChainAnswers& answers, const std::string& text) {
  std::vector<ServerId> servers;
  for (const auto& group : answers.published) {
    if (std::ranges::find(group.texts, text, &PublishedText::text) != group.texts.end())
      std::ranges::copy(group.servers, std::back_inserter(servers));
  }
  return servers;
}

std::optional<TextDifference> difference_of(const std::string& text, const SigningPlan& plan) {
  auto difference = compare_texts(text, *plan.text);
  if (!difference) return difference;
  const KeyRecord record = read_key_record(text, plan.expectation.service);
  if (record.is_leak() || (record.key && plan.key && read_private_half(*record.key, plan.key->sha256))) {
    difference->published = "(not shown)";
    difference->cause = "it contains a private key";
  } else if (difference->cause.empty() && plan.key && record.key && record.key->sha256 != plan.key->sha256) {
    difference->cause = "it contains another key";
  }
  return difference;
}

std::vector<TextCopy> copies_of(const ChainAnswers& answers, const SigningPlan& plan) {
  std::vector<TextCopy> copies;
  std::set<std::string> seen;
  for (const auto& group : answers.published) {
    for (const PublishedText& published : group.texts) {
      if (!seen.insert(published.text).second) continue;
      TextCopy& copy = copies.emplace_back();
      copy.servers = servers_with(answers, published.text);
      std::ranges::transform(published.strings, std::back_inserter(copy.string_sizes), &std::string::size);
      copy.difference = difference_of(published.text, plan);
    }
  }
  return copies;
}

/// "RSA 2048, SHA-256 ece82a6f0455768f..."
std::string key_text(const KeyRecord& record) {
  std::string text = describe(record);
  if (record.key && !record.key->sha256.empty())
    text += fmt::format(", SHA-256 {}...", record.key->sha256.substr(0, 16));
  return text;
}

/// The text that the server publishes at the name, if it is the only one.
const PublishedText* text_of(const ChainAnswers& answers, const ServerProgress& server) {
  for (const auto& hop : answers.hops) {
    if (!(hop.hop->owner == server.owner)) continue;
    for (const auto& group : hop.groups) {
      if (group.texts.size() == 1 && std::ranges::find(group.servers, server.server) != group.servers.end())
        return &group.texts.front();
    }
  }
  return nullptr;
}

/// The first critical finding about the server's record; empty without one.
std::string fault_at(const Report& report, const ServerId& server) {
  for (const auto& finding : report.findings) {
    const Scope scope = finding.check->scope;
    if (finding.severity != Severity::critical || (scope != Scope::record && scope != Scope::key)) continue;
    if (finding.servers.empty() || std::ranges::find(finding.servers, server) != finding.servers.end())
      return std::string(finding.check->summary);
  }
  return {};
}

/// The answer in the server's row; empty if it does not say why the server has this progress: a server with
/// alternating answers is unknown for another reason than its last answer.
std::string answer_at(const Report& report, const ServerProgress& server) {
  std::string answer;
  for (const auto& row : report.servers) {
    const bool says_why = (server.progress == Progress::absent) == is_whole(row.outcome);
    if (row.owner == server.owner && row.id == server.server && says_why && !row.answer.empty())
      answer = row.answer;
  }
  return answer;
}

/// What the server has, in the words of the report; empty if the report has none.
std::string detail_of(const ServerProgress& server, const ChainAnswers& answers, config::Service service,
                      const Report& report) {
  switch (server.progress) {
    case Progress::match:
    case Progress::revoked:
      break;
    case Progress::mismatch:
      if (const auto* const text = text_of(answers, server))
        return key_text(read_key_record(text->text, service));
      break;
    case Progress::corrupted:
      return fault_at(report, server.server);
    case Progress::absent:
    case Progress::unknown:
      return answer_at(report, server);
  }
  return {};
}

}  // namespace

std::optional<TextDifference> compare_texts(std::string_view published, std::string_view meant) {
  if (published == meant) return std::nullopt;
  constexpr std::size_t before = 8;
  constexpr std::size_t shown = 40;
  const auto differing = std::ranges::mismatch(published, meant);
  TextDifference difference;
  difference.offset = static_cast<std::size_t>(differing.in1 - published.begin());
  difference.shown_from = difference.offset - std::min(difference.offset, before);
  difference.published = published.substr(difference.shown_from, shown);
  difference.meant = meant.substr(difference.shown_from, shown);
  difference.cause = cause_of(published, meant);
  return difference;
}

bool is_expected(const std::vector<std::vector<std::string>>& texts, const SigningPlan& plan,
                 const Report& report) {
  if (texts.size() != 1) return false;
  const std::string expected = plan.key ? plan.key->sha256 : report.key ? report.key->sha256 : std::string{};
  const KeyRecord record = read_key_record(join_strings(texts.front()), plan.expectation.service);
  const bool can_verify =
      record.record_class == RecordClass::valid || record.record_class == RecordClass::weak;
  return can_verify && record.key && !expected.empty() && record.key->sha256 == expected;
}

Judgement judge_as_pending(const probe::Observation& observation, const SigningPlan& plan) {
  Expectation expectation = plan.expectation;
  if (plan.key) expectation.key_sha256 = plan.key->sha256;
  expectation.role = config::Role::pending;
  return judge(observation, expectation, plan.policy);
}

Preflight judge_preflight(const probe::Observation& observation, const Judgement& judgement,
                          const SelectorHistory& history, const SigningPlan& plan,
                          const std::vector<CacheContent>& caches, WallTime now) {
  Preflight preflight;
  preflight.expected_key = plan.key;
  preflight.times = plan.terms.policy;
  preflight.only_given_servers = plan.only_given_servers;
  preflight.now = now;
  preflight.report = judgement.report;
  preflight.text_known = plan.text.has_value();
  const ChainAnswers answers = read_answers(observation.key);
  if (plan.text) preflight.texts = copies_of(answers, plan);

  PlannedSelector planned = plan.selector;
  if (plan.key) planned.key_sha256 = plan.key->sha256;
  planned.history = history;
  planned.probed = probed_selector(observation, judgement, plan.terms.policy);
  preflight.is_internal_view = planned.probed.is_internal_view && planned.probed.path_intercepted.empty();
  preflight.sign = signing_verdict(planned, present_key(planned), caches, plan.terms, now);
  const auto is_pinned = [](const probe::Hop& hop) {
    return hop.delegation.outcome == probe::DiscoveryOutcome::pinned;
  };
  if (std::ranges::any_of(observation.key.hops, is_pinned)) {
    preflight.sign.limits.emplace(
        preflight.sign.limits.begin(),
        "Only the given servers were queried: the zone's other servers may not have the key.");
  }
  for (auto& server : preflight.sign.servers) {
    std::string detail = detail_of(server, answers, plan.expectation.service, preflight.report);
    if (!detail.empty()) server.detail = std::move(detail);
  }
  std::ranges::copy(preflight.report.not_asked, std::back_inserter(preflight.sign.limits));
  preflight.no_way = no_way_sentence(observation);
  return preflight;
}

void hold_back(Preflight& preflight, const PublicAnswer& answer) {
  for (const auto& [probe, detail] : answer.answers) {
    switch (probe.state) {
      case CacheState::expected:
        break;
      case CacheState::empty:
      case CacheState::hidden:
      case CacheState::unknown: {
        // SERVFAIL may be the permanent answer of validating resolvers for the name.
        SafeTime& safe = preflight.sign.safe;
        safe.reasons.push_back(reason_for(Reason::public_answer, {}, detail));
        if (safe.readiness == Readiness::ready) safe.readiness = Readiness::unknown;
        if (safe.readiness == Readiness::unknown) safe.at.reset();
        break;
      }
      case CacheState::denied:
      case CacheState::other:
        forbid(preflight.sign.safe, reason_for(Reason::public_answer, {}, detail));
    }
  }
}

}  // namespace dkimprobe::checks
