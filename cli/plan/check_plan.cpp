#include "cli/plan/check_plan.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "config/basics/escape.hpp"
#include "config/basics/nearest_word.hpp"
#include "config/options.hpp"

namespace dkimprobe::cli {
namespace {

/// The settings of the file, overridden by the flags.
config::Settings with_flags(const AskOptions& ask, config::Settings settings) {
  config::Settings flags;
  flags.probe = ask.probe;
  flags.policy = ask.policy;
  for (const auto* option : ask.given_options) config::copy_option(*option, flags, settings);
  const auto& networks = ask.probe.allowed_networks;
  settings.probe.allowed_networks.insert(settings.probe.allowed_networks.end(), networks.begin(),
                                         networks.end());
  settings.probe.pinned_servers = ask.probe.pinned_servers;
  const config::Policy& policy = settings.policy;
  settings.probe.collects_signatures = policy.validates_dnssec && policy.trust_anchors != nullptr;
  return settings;
}

checks::Expectation expectation_of(const config::SelectorSettings& selector) {
  checks::Expectation expectation;
  expectation.role = selector.role;
  expectation.service = selector.service;
  expectation.signs = selector.signs;
  expectation.subdomain_identities = selector.subdomain_identities;
  if (selector.expected_key) expectation.key_sha256 = selector.expected_key->sha256;
  expectation.never_used = selector.never_used;
  expectation.compromised = selector.compromised;
  // For a day, its end: the later time is the safe one.
  if (selector.last_signature) {
    expectation.last_signature = selector.last_signature->last;
  } else if (selector.role == config::Role::retired && selector.since) {
    expectation.last_signature = selector.since->last;
  }
  return expectation;
}

/// What the settings say of the domain; flags override it.
void apply(const config::DomainSettings& known, const AskOptions& ask, CheckTarget& target) {
  const auto is_given = [&](std::string_view key) {
    return std::ranges::find(ask.given_options, key, &config::Option::key) != ask.given_options.end();
  };
  if (target.probe.pinned_servers.empty()) target.probe.pinned_servers = known.nameservers;
  if (known.rotation.retention && !is_given("retired-key-retention"))
    target.policy.retention = *known.rotation.retention;
  if (known.key_size && !is_given(config::key_size_option().key)) target.policy.key_size = *known.key_size;
}

/// `known` is the domain in the settings file, or null.
CheckTarget target_of(const TargetChoice& choice, const AskOptions& ask, const config::Settings& settings,
                      const config::DomainName& domain, const config::DomainSettings* known) {
  CheckTarget target;
  target.domain = domain;
  target.probe = settings.probe;
  target.policy = settings.policy;
  if (known != nullptr) apply(*known, ask, target);

  std::vector<config::SelectorSettings> in_use;
  if (known != nullptr) in_use = known->selectors;
  for (const auto& selector : choice.selectors) {
    if (std::ranges::find(in_use, selector, &config::SelectorSettings::selector) == in_use.end())
      in_use.push_back({.selector = selector});
  }
  for (const auto& selector : in_use) {
    const auto& chosen = choice.selectors;
    if (!chosen.empty() && std::ranges::find(chosen, selector.selector) == chosen.end()) continue;
    auto described = selector;
    if (choice.role && *choice.role != selector.role) {
      // `since` and `never_used` belong to the role in the file.
      described.role = *choice.role;
      described.since.reset();
      described.never_used = false;
    }
    auto expectation = expectation_of(described);
    if (known != nullptr) expectation.highest_key_age = known->rotation.times.max_key_age;
    expectation.only_selector = in_use.size() == 1;
    target.selectors.push_back(selector.selector);
    target.expectations.push_back(std::move(expectation));
  }
  return target;
}

config::Error unknown_domain(const config::DomainName& asked, const config::Settings& settings) {
  std::vector<std::string> names;
  for (const auto& each : settings.domains) names.push_back(each.domain.to_string());
  const std::string domain = asked.to_string();
  const std::string nearest = config::nearest_word(domain, names);
  return {
      domain,
      fmt::format(
          "the settings list no selector of this domain{}; or give the selector: dkimprobe check {} SELECTOR",
          nearest.empty() ? "" : fmt::format(" (did you mean {}?)", nearest), domain)};
}

/// The domain of the settings that has a selector of this name, if no domain of the settings has the name.
const config::DomainSettings* selector_in_place_of_domain(const config::DomainName& asked,
                                                          const config::Settings& settings) {
  const auto selector = config::Selector::parse(asked.to_string());
  if (!selector || asked.label_count() != 1) return nullptr;
  const auto owner = std::ranges::find_if(settings.domains, [&](const config::DomainSettings& each) {
    return std::ranges::find(each.selectors, *selector, &config::SelectorSettings::selector) !=
           each.selectors.end();
  });
  return owner == settings.domains.end() ? nullptr : &*owner;
}

}  // namespace

checks::RotationPolicy rotation_policy(const CheckTarget& target) {
  checks::RotationPolicy policy;
  policy.retention = std::chrono::ceil<std::chrono::seconds>(target.policy.retention);
  policy.ipv4 = target.probe.use_ipv4;
  policy.ipv6 = target.probe.use_ipv6;
  return policy;
}

config::Result<CheckPlan> plan_check(const TargetChoice& choice, const AskOptions& ask,
                                     const config::Settings& file) {
  const config::Settings settings = with_flags(ask, file);
  config::Errors errors;
  if (!settings.probe.use_ipv4 && !settings.probe.use_ipv6) {
    errors.push_back({"", "the flags and the settings together disable both IPv4 and IPv6"});
  }
  CheckPlan plan;
  if (!choice.domain) {
    if (settings.domains.empty()) {
      errors.push_back({"",
                        "the settings list no domains, and no domain is given; usage: dkimprobe check "
                        "DOMAIN SELECTOR..."});
    }
    for (const auto& each : settings.domains)
      plan.targets.push_back(target_of(choice, ask, settings, each.domain, &each));
  } else {
    const auto known = std::ranges::find(settings.domains, *choice.domain, &config::DomainSettings::domain);
    const bool is_known = known != settings.domains.end();
    if (const auto* const owner =
            is_known ? nullptr : selector_in_place_of_domain(*choice.domain, settings)) {
      errors.push_back({choice.domain->to_string(),
                        fmt::format("this is a selector of {} in the settings file; the domain comes first",
                                    owner->domain.to_string())});
    } else if (!is_known && choice.selectors.empty()) {
      errors.push_back(unknown_domain(*choice.domain, settings));
    } else {
      plan.targets.push_back(target_of(choice, ask, settings, *choice.domain, is_known ? &*known : nullptr));
    }
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return plan;
}

config::Result<CheckPlan> plan_message(const CheckCommand& command, const config::Settings& settings,
                                       std::span<const checks::SignatureField> signatures) {
  std::vector<TargetChoice> asked;
  for (const auto& signature : signatures) {
    if (!signature.names_key()) continue;
    auto known = std::ranges::find(asked, signature.domain, &TargetChoice::domain);
    if (known == asked.end())
      known = asked.insert(known, {.domain = signature.domain, .role = command.targets.role});
    if (std::ranges::find(known->selectors, *signature.selector) == known->selectors.end())
      known->selectors.push_back(*signature.selector);
  }
  CheckPlan plan;
  for (const auto& each : asked) {
    auto part = plan_check(each, command.ask, settings);
    if (!part) return part;
    std::ranges::move(part->targets, std::back_inserter(plan.targets));
  }
  return plan;
}

}  // namespace dkimprobe::cli
