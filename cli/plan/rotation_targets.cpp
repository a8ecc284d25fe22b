#include "cli/plan/rotation_targets.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "checks/history/history.hpp"
#include "checks/judgement/judge.hpp"
#include "checks/rotation/probed_selector.hpp"

namespace dkimprobe::cli {
namespace {

using std::chrono::ceil;
using std::chrono::seconds;

checks::PlannedSelector planned_of(const config::SelectorSettings& selector) {
  checks::PlannedSelector planned;
  planned.selector = selector.selector;
  planned.role = selector.role;
  planned.service = selector.service;
  if (selector.expected_key) {
    planned.key_sha256 = selector.expected_key->sha256;
    planned.has_public_key = !selector.expected_key->spki.empty();
  }
  planned.since = selector.since;
  planned.last_signature = selector.last_signature;
  planned.never_used = selector.never_used;
  planned.compromised = selector.compromised;
  return planned;
}

/// The selector in the plan; added if missing.
checks::PlannedSelector& planned_of(checks::RotationInput& input, const config::Selector& selector) {
  const auto known = std::ranges::find(input.selectors, selector, &checks::PlannedSelector::selector);
  if (known != input.selectors.end()) return *known;
  checks::PlannedSelector planned;
  planned.selector = selector;
  return input.selectors.emplace_back(std::move(planned));
}

checks::RotationInput input_of(const config::DomainSettings& domain) {
  checks::RotationInput input;
  const config::RotationPlan& plan = domain.rotation;
  std::ranges::transform(domain.selectors, std::back_inserter(input.selectors),
                         [](const auto& selector) { return planned_of(selector); });
  input.ring = plan.ring;
  if (plan.times.max_key_age.count() > 0) input.max_key_age = ceil<seconds>(plan.times.max_key_age);
  input.selector_cooldown = ceil<seconds>(plan.times.selector_cooldown);
  return input;
}

void add_policy(const CheckTarget& target, checks::RotationInput& input) {
  input.rsa_bits = std::max(input.rsa_bits, config::new_key_bits(target.policy.key_size));
  input.policy = rotation_policy(target);
}

/// `known` is the domain in the settings file, or null.
checks::RotationInput input_of(const RotationCommand& command, const config::DomainName& domain,
                               const config::DomainSettings* known) {
  checks::RotationInput input;
  if (known != nullptr) input = input_of(*known);
  input.domain = domain;
  for (const auto& given : command.selectors) {
    auto& planned = planned_of(input, given.selector);
    if (!given.role || planned.role == *given.role) continue;
    // The dates belong to the role in the file.
    planned.role = *given.role;
    planned.since.reset();
    planned.last_signature.reset();
    planned.never_used = false;
  }
  for (const auto& [selector, time] : command.last_signatures) {
    const auto signer = std::ranges::find(input.selectors, selector, &checks::PlannedSelector::selector);
    if (signer != input.selectors.end()) signer->last_signature = time;
  }
  for (const auto& selector : command.never_used) {
    const auto unused = std::ranges::find(input.selectors, selector, &checks::PlannedSelector::selector);
    if (unused != input.selectors.end()) unused->never_used = true;
  }
  if (command.compromised) static_cast<void>(planned_of(input, *command.compromised));
  input.call = command.ask.call;
  if (command.state.directory)
    input.call.flags.insert(input.call.flags.end(), {"--state", command.state.directory->string()});
  if (command.state.off) input.call.flags.emplace_back("--no-state");
  if (known == nullptr) input.call.settings_flags.clear();
  input.only_given_servers = !command.ask.probe.pinned_servers.empty();
  return input;
}

config::Result<std::vector<config::DomainName>> domains_of(const RotationCommand& command,
                                                           const config::Settings& settings) {
  if (command.domain) return std::vector{*command.domain};
  if (settings.domains.empty())
    return config::failure("", "the settings list no domains, and no domain is given");
  std::vector<config::DomainName> domains;
  for (const auto& domain : settings.domains) domains.push_back(domain.domain);
  return domains;
}

/// Only a selector of the rotation that no longer signs has a last signature, and only one that does not sign
/// yet was never used.
config::Result<void> check_uses(const RotationCommand& command, const checks::RotationInput& input) {
  for (const auto& selector : command.never_used) {
    const auto unused = std::ranges::find(input.selectors, selector, &checks::PlannedSelector::selector);
    const bool is_known = unused != input.selectors.end();
    if (is_known && (unused->role == config::Role::pending || unused->role == config::Role::standby))
      continue;
    return config::failure("--never-used",
                           fmt::format("{} {}", selector.to_string(),
                                       is_known ? "signs, or signed before; only a pending or "
                                                  "standby selector can be unused"
                                                : "is not a selector of this rotation"));
  }
  for (const auto& [selector, time] : command.last_signatures) {
    const auto signer = std::ranges::find(input.selectors, selector, &checks::PlannedSelector::selector);
    const bool is_known = signer != input.selectors.end();
    if (is_known && (signer->role != config::Role::active || command.compromised)) continue;
    return config::failure("--last-signature",
                           fmt::format("{} {}", selector.to_string(),
                                       is_known ? "is active, so it has no last signature yet"
                                                : "is not a selector of this rotation"));
  }
  return {};
}

}  // namespace

bool has_rotation(const config::DomainSettings& domain) {
  return !domain.rotation.ring.empty() || domain.rotation.times.max_key_age.count() > 0 ||
         std::ranges::any_of(domain.selectors, [](const config::SelectorSettings& selector) {
           return selector.role != config::Role::active;
         });
}

checks::RotationInput rotation_input(const config::DomainSettings& domain, const CheckTarget& target) {
  checks::RotationInput input = input_of(domain);
  input.domain = domain.domain;
  add_policy(target, input);
  return input;
}

config::Result<std::vector<RotationTarget>> plan_rotations(const RotationCommand& command,
                                                           const config::Settings& settings) {
  const auto domains = domains_of(command, settings);
  if (!domains) return tl::unexpected(domains.error());
  std::vector<RotationTarget> targets;
  for (const auto& domain : *domains) {
    const auto known = std::ranges::find(settings.domains, domain, &config::DomainSettings::domain);
    auto input = input_of(command, domain, known == settings.domains.end() ? nullptr : &*known);
    if (auto checked = check_uses(command, input); !checked)
      return tl::unexpected(std::move(checked.error()));

    TargetChoice asked{.domain = domain};
    for (const auto& selector : input.selectors) asked.selectors.push_back(selector.selector);
    // Without selectors this returns the error to show.
    auto plan = plan_check(asked, command.ask, settings);
    if (!plan) return tl::unexpected(std::move(plan.error()));
    CheckTarget& target = plan->targets.front();
    add_policy(target, input);
    targets.push_back({std::move(target), std::move(input)});
  }
  return targets;
}

void extend_histories(const std::vector<probe::Observation>& observations, probe::WallTime now,
                      checks::RotationInput& input) {
  std::vector<checks::HistoryProbe> probes;
  for (auto& planned : input.selectors) {
    const auto seen = std::ranges::find(observations, planned.selector, &probe::Observation::selector);
    if (seen != observations.end()) probes.push_back({&planned.history, &*seen});
  }
  if (probes.empty()) return;
  checks::ZonePast past = probes.front().history->past;
  checks::extend_all(past, std::move(probes), now);
}

void judge_probe(const std::vector<probe::Observation>& observations, RotationTarget& target) {
  for (auto& planned : target.input.selectors) {
    const auto seen = std::ranges::find(observations, planned.selector, &probe::Observation::selector);
    const auto asked = std::ranges::find(target.asked.selectors, planned.selector);
    if (seen == observations.end() || asked == target.asked.selectors.end()) continue;
    const auto at = static_cast<std::size_t>(asked - target.asked.selectors.begin());
    const auto judgement =
        checks::judge(*seen, target.asked.expectations[at], planned.history, target.asked.policy);
    planned.probed = checks::probed_selector(*seen, judgement, target.input.policy);
  }
}

}  // namespace dkimprobe::cli
