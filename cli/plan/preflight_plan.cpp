#include "cli/plan/preflight_plan.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace dkimprobe::cli {
namespace {

checks::NextCommands next_commands(const PreflightCommand& command, bool domain_is_in_settings) {
  const checks::ProgramCall& call = command.ask.call;
  const std::string selector = command.selector.to_string();
  std::vector<std::string> flags = command.flags;
  flags.insert(flags.end(), call.flags.begin(), call.flags.end());
  std::vector<std::string> roles;
  std::vector<std::string> rotation_flags;
  if (!domain_is_in_settings) {
    for (const auto& signer : command.signers) roles.push_back(signer.to_string());
    roles.push_back(selector + ":pending");
    if (command.never_used) rotation_flags = {"--never-used", selector};
  }
  if (command.state.directory)
    rotation_flags.insert(rotation_flags.end(), {"--state", command.state.directory->string()});
  if (command.state.off) rotation_flags.emplace_back("--no-state");
  rotation_flags.insert(rotation_flags.end(), call.flags.begin(), call.flags.end());
  return {checks::command_text(call, {"preflight"}, command.domain, {selector}, flags),
          checks::command_text(call, {"rotation"}, command.domain, roles, rotation_flags),
          domain_is_in_settings || !command.signers.empty()};
}

}  // namespace

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
  signing.terms.policy = rotation_policy(plan.target);
  signing.terms.has_neighbour = !command.signers.empty();
  signing.selector.selector = command.selector;
  signing.selector.service = signing.expectation.service;
  signing.selector.never_used = command.never_used;
  // Only the flag limits the servers: nameservers in the settings are meant to be all servers of the domain.
  signing.only_given_servers = !command.ask.probe.pinned_servers.empty();

  const auto domain =
      std::ranges::find(settings.domains, plan.target.domain, &config::DomainSettings::domain);
  if (domain != settings.domains.end()) {
    signing.terms.selector_cooldown =
        std::chrono::ceil<std::chrono::seconds>(domain->rotation.times.selector_cooldown);
    signing.terms.has_neighbour =
        signing.terms.has_neighbour ||
        std::ranges::any_of(domain->selectors, [&](const config::SelectorSettings& other) {
          return !(other.selector == plan.target.selectors.front()) &&
                 (other.role == config::Role::active || other.role == config::Role::retired);
        });
    const auto known = std::ranges::find(domain->selectors, plan.target.selectors.front(),
                                         &config::SelectorSettings::selector);
    if (known != domain->selectors.end()) {
      signing.key = known->expected_key;
      if (!known->expected_record.empty()) signing.text = known->expected_record;
      signing.selector.never_used = signing.selector.never_used || known->never_used;
      signing.selector.last_signature = known->last_signature;
    }
  }
  if (key) {
    signing.key = key->identity;
    signing.text = key->record.empty() ? std::nullopt : std::optional(key->record);
  }
  plan.next = next_commands(command, domain != settings.domains.end());
  return plan;
}

}  // namespace dkimprobe::cli
