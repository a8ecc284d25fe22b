#include "checks/evidence.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace dkimprobe::checks {

namespace {

bool publishes(const AnswerGroup& group, const std::string& text) {
  return std::ranges::find(group.texts, text, &PublishedText::text) != group.texts.end();
}

}  // namespace

std::string published_at(const ReadText& text) {
  return text.group->owner.is_root() ? "the selector's name" : text.group->owner.to_string();
}

bool stands_elsewhere(const Evidence& evidence, const ReadText& text) {
  return !text.group->owner.is_at_or_below(evidence.observation.domain);
}

std::vector<ServerId> servers_of(const Evidence& evidence, const ReadText& text) {
  std::vector<ServerId> servers;
  if (evidence.answers.published.size() < 2) return servers;
  for (const auto& group : evidence.answers.published) {
    if (publishes(group, text.published->text)) {
      servers.insert(servers.end(), group.servers.begin(), group.servers.end());
    }
  }
  return servers;
}

bool domain_denied(const probe::Observation& observation) {
  if (observation.key.legs.empty()) return false;
  const auto& denied = observation.key.legs.front().delegation.denied;
  return std::ranges::any_of(
      denied, [&](const config::DomainName& name) { return observation.domain.is_at_or_below(name); });
}

bool has_key_record(const Evidence& evidence) {
  return std::ranges::any_of(evidence.texts,
                             [](const ReadText& text) { return text.record.is_key_record(); });
}

void Verdict::found(Finding finding, std::optional<Severity> severity) {
  finding.check = check_;
  finding.severity = severity.value_or(check_->severity);
  findings_.push_back(std::move(finding));
}

CheckOutcome Verdict::outcome() const {
  if (!findings_.empty()) return CheckOutcome::found;
  return judged_ ? CheckOutcome::clear : CheckOutcome::not_judged;
}

void find_text_fault(const Evidence& evidence, Verdict& verdict, RecordFault fault) {
  if (!has_key_record(evidence)) verdict.not_judged();
  for (const auto& text : evidence.texts) {
    for (const auto& seen : text.record.faults) {
      if (seen.fault != fault) continue;
      Finding finding;
      finding.servers = servers_of(evidence, text);
      finding.offset = seen.offset;
      finding.detail = seen.detail;
      finding.remedy = fmt::format("At {}: {}.", published_at(text), seen.remedy);
      verdict.found(std::move(finding));
    }
  }
}

}  // namespace dkimprobe::checks
