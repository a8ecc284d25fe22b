#include "cli/daemon/watch_list.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cli/plan/rotation_targets.hpp"

namespace dkimprobe::cli {
namespace {

bool is_about(const config::SilenceSettings& silence, const config::DomainSettings& domain,
              const config::Selector& selector) {
  if (!silence.domain) return silence.group == domain.group;
  return *silence.domain == domain.domain && (!silence.selector || *silence.selector == selector);
}

/// The one that ends last.
std::optional<checks::Maintenance> silence_of(const std::vector<config::SilenceSettings>& silences,
                                              const config::DomainSettings& domain,
                                              const config::Selector& selector) {
  const config::SilenceSettings* last = nullptr;
  for (const auto& silence : silences) {
    if (is_about(silence, domain, selector) && (last == nullptr || silence.until > last->until))
      last = &silence;
  }
  return last == nullptr ? std::nullopt : std::optional(checks::Maintenance{last->until, last->reason});
}

/// Those that silence nobody: of a domain that only target files could name.
config::Mistakes useless_silences(const config::Settings& settings) {
  config::Mistakes warnings;
  for (const auto& silence : settings.silences) {
    const bool useful = std::ranges::any_of(settings.domains, [&](const config::DomainSettings& domain) {
      return std::ranges::any_of(domain.selectors, [&](const config::SelectorSettings& selector) {
        return is_about(silence, domain, selector.selector);
      });
    });
    if (useful) continue;
    if (!silence.domain) {
      warnings.push_back({"silences", fmt::format("no domain is in the group {}", silence.group)});
      continue;
    }
    warnings.push_back(
        {"silences",
         fmt::format("nothing is watched at {}{}", silence.domain->to_string(),
                     silence.selector ? fmt::format(" with {}", silence.selector->to_string()) : "")});
  }
  return warnings;
}

}  // namespace

WatchList watch_list(const CheckPlan& plan, const config::Settings& settings) {
  WatchList list;
  // Flags are in what every target has; servers and transit time are its own.
  list.probe = plan.targets.front().probe;
  list.probe.pinned_servers.clear();
  list.policy = plan.targets.front().policy;
  list.policy.transit = settings.policy.transit;
  list.modules = settings.modules;
  list.probe_allow = settings.probe_allow;
  list.warnings = useless_silences(settings);
  for (const CheckTarget& target : plan.targets) {
    const auto said = std::ranges::find(settings.domains, target.domain, &config::DomainSettings::domain);
    for (std::size_t i = 0; i < target.selectors.size(); ++i) {
      const config::Selector& selector = target.selectors[i];
      checks::TargetKey key{target.domain, selector};
      list.targets.push_back({key, said->group, target.expectations[i].role,
                              silence_of(settings.silences, *said, selector), said->interval});
      list.expectations.emplace(std::move(key), target.expectations[i]);
    }
    list.domains.emplace(target.domain, WatchedFacts{target.policy, target.probe.pinned_servers});
    list.rounds.push_back({target.domain, target.selectors, said->interval, target.probe.pinned_servers});
    if (has_rotation(*said)) list.rotations.emplace(target.domain, rotation_input(*said, target));
  }
  return list;
}

}  // namespace dkimprobe::cli
