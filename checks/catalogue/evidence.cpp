#include "checks/catalogue/evidence.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include <fmt/format.h>

namespace dkimprobe::checks {

namespace {

// Digits of a fingerprint in reports, of a text's digest, and of a fingerprint in a table.
constexpr std::size_t fingerprint_digits = 16;
constexpr std::size_t digest_digits = 8;
constexpr std::size_t table_digits = 4;

/// The alias at the queried name itself, not one that a DNAME above it creates.
std::optional<config::DomainName> cname_target(const probe::Response& response) {
  const bool has_dname = std::ranges::any_of(response.aliases, &probe::AliasRecord::is_dname);
  return has_dname ? std::nullopt : alias_target(response);
}

}  // namespace

const dnssec::HopValidation* validation_of(const Evidence& evidence, const HopAnswers& hop) {
  const auto at = static_cast<std::size_t>(&hop - evidence.answers.hops.data());
  const bool is_validated = at < evidence.validations.size() && evidence.validations[at].is_validated();
  return is_validated ? &evidence.validations[at] : nullptr;
}

const ReadText* find_text(const Evidence& evidence, std::string_view text) {
  const auto found = evidence.places.find(text);
  return found == evidence.places.end() ? nullptr : &evidence.texts[found->second];
}

std::string_view fingerprint_of(const ReadText& text) {
  return text.record.key ? std::string_view(text.record.key->sha256) : std::string_view();
}

std::optional<std::size_t> key_offset(const ReadText& text) {
  const Tag* const tag = text.record.list.find("p");
  return tag != nullptr ? std::optional(tag->value_offset) : std::nullopt;
}

std::string published_at(const ReadText& text) {
  return text.group->owner.is_root() ? "the selector's name" : text.group->owner.to_string();
}

bool stands_elsewhere(const Evidence& evidence, const ReadText& text) {
  return !text.group->owner.is_at_or_below(evidence.observation.domain);
}

std::vector<ServerId> servers_of(const Evidence& evidence, const ReadText& text) {
  if (evidence.answers.published.size() < 2) return {};
  return servers_of_all(text.groups |
                        std::views::transform([](const AnswerGroup* group) -> auto& { return *group; }));
}

std::vector<ServerId> servers_if_others_differ(const Evidence& evidence, const AnswerGroup& group) {
  return evidence.answers.published.size() > 1 ? group.servers : std::vector<ServerId>();
}

std::string published_text(const Evidence& evidence, const AnswerGroup& group) {
  if (!group.has_texts()) return group_text(group);
  const std::string digest = fmt::format("SHA-256 {}...", group.sha256.substr(0, digest_digits));
  const ReadText* const text = find_text(evidence, group.texts.front().text);
  if (group.texts.size() > 1 || text == nullptr) return fmt::format("{} ({})", group_text(group), digest);
  const std::string_view key = fingerprint_of(*text);
  const auto same_key = [&](const ReadText& each) { return fingerprint_of(each) == key; };
  const std::string what = describe(text->record);
  const std::string whole = fmt::format("{}, {}", group_text(group), digest);
  if (key.empty()) return fmt::format("{} ({})", what, whole);
  if (std::ranges::count_if(evidence.texts, same_key) > 1)
    return fmt::format("{} in {}", with_fingerprint(what, *text->record.key), whole);
  return with_fingerprint(what, *text->record.key);
}

std::string with_fingerprint(std::string_view what, const PublicKey& key) {
  return fmt::format("{} (key SHA-256 {}...)", what, key.sha256.substr(0, fingerprint_digits));
}

std::string distinguishing_fingerprint(const Evidence& evidence, const ReadText& text) {
  const std::string what = describe(text.record);
  const bool alike = std::ranges::any_of(evidence.texts, [&](const ReadText& each) {
    return describe(each.record) == what && fingerprint_of(each) != fingerprint_of(text);
  });
  return alike ? std::string(fingerprint_of(text).substr(0, table_digits)) : std::string();
}

const probe::Delegation* intercepted_delegation(const probe::Observation& observation) {
  for (const auto& hop : observation.key.hops) {
    if (hop.delegation.outcome == probe::DiscoveryOutcome::intercepted) return &hop.delegation;
  }
  return nullptr;
}

bool domain_denied(const probe::Observation& observation) {
  if (observation.key.hops.empty()) return false;
  const auto& denied = observation.key.hops.front().delegation.denied;
  return std::ranges::any_of(
      denied, [&](const config::DomainName& name) { return observation.domain.is_at_or_below(name); });
}

std::optional<WildcardAlias> wildcard_alias(const Evidence& evidence) {
  if (evidence.answers.hops.empty()) return std::nullopt;
  std::optional<WildcardAlias> found;
  bool is_higher = false;
  for (const ServerAnswer& answer : evidence.answers.hops.front().servers) {
    if (answer.is_stray() || answer.whole() == nullptr ||
        answer.wildcard_probe.outcome != ServerOutcome::answered)
      continue;
    const auto target = cname_target(*answer.whole());
    if (!target || cname_target(*answer.wildcard_probe.response()) != target) continue;
    if (!found) found = WildcardAlias{{}, *target, {}};
    found->servers.push_back(answer.id);
    // The same wildcard answers for `_domainkey` only if it is above that name.
    is_higher = is_higher || (answer.domainkey.outcome == ServerOutcome::answered &&
                              cname_target(*answer.domainkey.response()) == target);
  }
  if (!found) return found;
  const config::DomainName& domain = evidence.observation.domain;
  const bool has_room_above = domain != evidence.answers.hops.front().hop->delegation.zone;
  found->owner = fmt::format("*.{}{}", is_higher ? "" : "_domainkey.", domain.to_string());
  if (is_higher && has_room_above) found->owner += " or above it";
  return found;
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
  return judged_ ? CheckOutcome::clear : CheckOutcome::not_evaluated;
}

Finding finding_in(const Evidence& evidence, const ReadText& text, config::EscapedText detail,
                   const config::EscapedText& fix, std::optional<std::size_t> offset) {
  return {.servers = servers_of(evidence, text),
          .offset = offset,
          .detail = std::move(detail),
          .remedy = fmt::format("At {}: {}.", published_at(text), fix)};
}

std::string new_pair_remedy(const Evidence& evidence) {
  return fmt::format("generate a key pair of {} bits and publish its public key at a new selector",
                     config::new_key_bits(evidence.policy.key_size));
}

void find_text_fault(const Evidence& evidence, Verdict& verdict, RecordFault fault) {
  if (!has_key_record(evidence)) verdict.not_evaluated();
  for (const auto& text : evidence.texts) {
    for (const auto& seen : text.record.faults) {
      if (seen.fault != fault) continue;
      verdict.found(finding_in(evidence, text, seen.detail, seen.remedy, seen.offset), seen.severity);
    }
  }
}

}  // namespace dkimprobe::checks
