#include "cli/daemon/watch_list.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cli/plan/rotation_targets.hpp"

namespace dkimprobe::cli {
namespace {

bool is_about(const config::MaintenanceSettings& maintenance, const config::DomainSettings& domain,
              const config::Selector& selector) {
  if (!maintenance.domain) return maintenance.group == domain.group;
  return *maintenance.domain == domain.domain && (!maintenance.selector || *maintenance.selector == selector);
}

/// The one that ends last.
std::optional<checks::Maintenance> maintenance_of(const std::vector<config::MaintenanceSettings>& windows,
                                                  const config::DomainSettings& domain,
                                                  const config::Selector& selector) {
  const config::MaintenanceSettings* last = nullptr;
  for (const auto& window : windows) {
    if (is_about(window, domain, selector) && (last == nullptr || window.until > last->until)) last = &window;
  }
  return last == nullptr ? std::nullopt : std::optional(checks::Maintenance{last->until, last->reason});
}

/// Warnings about windows that match no target, such as for a domain that only target files could name.
config::Errors useless_maintenance(const config::Settings& settings) {
  config::Errors warnings;
  for (const auto& window : settings.maintenance) {
    const bool useful = std::ranges::any_of(settings.domains, [&](const config::DomainSettings& domain) {
      return std::ranges::any_of(domain.selectors, [&](const config::SelectorSettings& selector) {
        return is_about(window, domain, selector.selector);
      });
    });
    if (useful) continue;
    if (!window.domain) {
      warnings.push_back({"maintenance", fmt::format("the group {} has no domains", window.group)});
      continue;
    }
    warnings.push_back(
        {"maintenance",
         fmt::format("not watched: {}{}", window.domain->to_string(),
                     window.selector ? fmt::format(", selector {}", window.selector->to_string()) : "")});
  }
  return warnings;
}

}  // namespace

WatchList watch_list(const CheckPlan& plan, const config::Settings& settings,
                     const checks::ProgramCall& call) {
  WatchList list;
  // Every target has the flags applied; pinned servers, retention and key size are its own.
  list.probe = plan.targets.front().probe;
  list.probe.pinned_servers.clear();
  list.policy = plan.targets.front().policy;
  list.policy.retention = settings.policy.retention;
  list.policy.key_size = settings.policy.key_size;
  list.modules = settings.modules;
  list.probe_allow = settings.probe_allow;
  list.warnings = useless_maintenance(settings);
  for (const CheckTarget& target : plan.targets) {
    const auto known = std::ranges::find(settings.domains, target.domain, &config::DomainSettings::domain);
    for (std::size_t i = 0; i < target.selectors.size(); ++i) {
      const config::Selector& selector = target.selectors[i];
      checks::TargetKey key{target.domain, selector};
      list.targets.push_back({key, known->group, target.expectations[i].role,
                              maintenance_of(settings.maintenance, *known, selector), known->interval});
      list.expectations.emplace(std::move(key), target.expectations[i]);
    }
    list.domains.emplace(target.domain, WatchedFacts{target.policy, target.probe.pinned_servers});
    list.probes.push_back({target.domain, target.selectors, known->interval, target.probe.pinned_servers});
    if (!has_rotation(*known)) continue;
    auto& rotation = list.rotations.emplace(target.domain, rotation_input(*known, target)).first->second;
    rotation.call = call;
  }
  return list;
}

}  // namespace dkimprobe::cli
