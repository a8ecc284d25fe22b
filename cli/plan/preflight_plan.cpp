#include "cli/plan/preflight_plan.hpp"

#include <algorithm>
#include <utility>

namespace dkimprobe::cli {

config::Result<PreflightPlan> plan_preflight(const PreflightCommand& command,
                                             const config::Settings& settings,
                                             const std::optional<config::KeyFile>& key) {
  auto check = plan_check({.domain = command.domain, .selectors = {command.selector}}, command.ask, settings);
  if (!check) return tl::unexpected(std::move(check.error()));
  PreflightPlan plan;
  plan.target = std::move(check->targets.front());
  checks::SigningPlan& signing = plan.signing;
  signing.expectation = plan.target.expectations.front();
  signing.policy = plan.target.policy;
  signing.times = rotation_policy(plan.target);
  signing.never_used = command.never_used;
  // Only the flag limits the servers: nameservers in the settings are meant to be all servers of the domain.
  signing.only_given_servers = !command.ask.probe.pinned_servers.empty();

  const auto domain =
      std::ranges::find(settings.domains, plan.target.domain, &config::DomainSettings::domain);
  if (domain != settings.domains.end()) {
    signing.has_neighbour =
        std::ranges::any_of(domain->selectors, [&](const config::SelectorSettings& other) {
          return !(other.selector == plan.target.selectors.front()) &&
                 (other.role == config::Role::active || other.role == config::Role::retired);
        });
    const auto known = std::ranges::find(domain->selectors, plan.target.selectors.front(),
                                         &config::SelectorSettings::selector);
    if (known != domain->selectors.end()) {
      signing.key = known->expected_key;
      signing.never_used = signing.never_used || known->never_used;
    }
  }
  if (key) {
    signing.key = key->identity;
    if (!key->record.empty()) signing.text = key->record;
  }
  return plan;
}

}  // namespace dkimprobe::cli
