#include "config/daemon_settings.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "config/names/internationalized_name.hpp"

namespace dkimprobe::config {
namespace {

/// Checks that the settings file lists what is under maintenance. With target files, whether it exists is
/// only known later.
void check_listed(SettingValues& file, const YamlValues& values, const Settings& settings,
                  const MaintenanceSettings& maintenance) {
  if (!maintenance.domain || !settings.target_files.empty()) return;
  const auto domain = std::ranges::find(settings.domains, *maintenance.domain, &DomainSettings::domain);
  if (domain == settings.domains.end()) {
    file.wrong(values.at("domain"),
               fmt::format("the domain {} is not listed under domains", maintenance.domain->to_string()));
  } else if (maintenance.selector &&
             std::ranges::find(domain->selectors, *maintenance.selector, &SelectorSettings::selector) ==
                 domain->selectors.end()) {
    file.wrong(values.at("selector"), fmt::format("the selector {} is not listed under the domain",
                                                  maintenance.selector->to_string()));
  }
}

/// Reads what the window applies to.
void read_maintenance_of(SettingValues& file, const YamlValues& values, const YamlValue& value,
                         const Groups& groups, MaintenanceSettings& maintenance) {
  const YamlValue* const domain = file.find(values, "domain");
  const YamlValue* const selector = file.find(values, "selector");
  const YamlValue* const group = file.find(values, "group");
  if ((domain == nullptr) == (group == nullptr)) {
    if (file.is_read(value, "domain") && file.is_read(value, "group"))
      file.wrong(value, "either domain or group was expected: what is under maintenance");
  } else if (group != nullptr) {
    maintenance.group = read_group_name(file, *group, groups).value_or("");
    if (selector != nullptr && file.is_read(value, "domain"))
      file.wrong(*selector, "it needs a domain beside it");
  } else {
    maintenance.domain = file.parsed(*domain, read_domain);
    if (selector != nullptr) maintenance.selector = file.parsed(*selector, Selector::parse);
  }
}

std::optional<MaintenanceSettings> read_window(SettingValues& file, const YamlValue& value,
                                               const Groups& groups, const Settings& settings,
                                               bool targets_known) {
  static const std::vector<std::string> keys = {"domain", "selector", "group", "until", "reason"};
  const auto values = file.map_of(value, keys);
  if (value.node->kind != YamlNode::Kind::map) return std::nullopt;
  MaintenanceSettings maintenance;
  read_maintenance_of(file, values, value, groups, maintenance);
  if (targets_known) check_listed(file, values, settings, maintenance);
  const YamlValue* const until = file.find(values, "until");
  if (until == nullptr) {
    file.missing(value, "until", "until is missing: when the maintenance ends");
  } else if (const auto timestamp = file.read_timestamp(*until)) {
    maintenance.until = timestamp->last;
    if (file.now() && maintenance.until <= *file.now())
      file.warn(*until, "this maintenance window has ended and has no effect; remove it or set a new end");
  }
  const YamlValue* const reason = file.find(values, "reason");
  if (reason == nullptr) {
    file.missing(value, "reason", "reason is missing: a few words that metrics and the status page show");
  } else if (const auto text = file.read_reason(
                 *reason, "a few words were expected; metrics and the status page show them")) {
    maintenance.reason = *text;
  }
  return maintenance;
}

std::optional<ProbePattern> read_pattern(SettingValues& file, const YamlValue& value) {
  const auto text = file.text_of(value);
  if (!text) return std::nullopt;
  if (*text == "*") return ProbePattern{.below = true};
  const bool below = text->starts_with("*.");
  const std::string_view name = below ? text->substr(2) : *text;
  if (name.find('*') != std::string_view::npos) {
    file.wrong(value,
               fmt::format("`{}` cannot be used: it must be a domain, `*.DOMAIN` for all domains below "
                           "it, or `*` for all",
                           shown(*text)));
    return std::nullopt;
  }
  auto domain = file.take(value, read_domain(name));
  if (!domain) return std::nullopt;
  return ProbePattern{std::move(*domain), below};
}

}  // namespace

void read_maintenance(SettingValues& file, const YamlValue& value, const Groups& groups, Settings& settings,
                      bool targets_known) {
  for (const auto& item : file.list_of(value)) {
    if (auto window = read_window(file, item, groups, settings, targets_known))
      settings.maintenance.push_back(std::move(*window));
  }
}

void read_modules(SettingValues& file, const YamlValue& value, Settings& settings) {
  static const std::vector<std::string> keys = {"timeout", "ipv4", "ipv6", "role"};
  const auto& timeout = *std::ranges::find(probe_options(), "probe-timeout", &Option::key);
  for (const auto& [name, held] : file.map_of(value, std::nullopt)) {
    file.check_name(name, held, "a module");
    const auto values = file.map_of(held, keys);
    ModuleSettings module;
    module.name = name;
    if (const YamlValue* const time = file.find(values, "timeout"))
      module.timeout = file.read_time(timeout, *time).value_or(module.timeout);
    const auto yes_no = [&](std::string_view key) {
      const YamlValue* const word = file.find(values, key);
      return word == nullptr || file.read_yes_no(*word).value_or(true);
    };
    module.use_ipv4 = yes_no("ipv4");
    module.use_ipv6 = yes_no("ipv6");
    // If `probe` disables both, that is its own error.
    const bool families_known = (settings.probe.use_ipv4 || settings.probe.use_ipv6) &&
                                file.is_read(held, "ipv4") && file.is_read(held, "ipv6");
    if (families_known && !(module.use_ipv4 && settings.probe.use_ipv4) &&
        !(module.use_ipv6 && settings.probe.use_ipv6))
      file.wrong(held, "this and the settings under probe together disable both IPv4 and IPv6");
    if (const YamlValue* const role = file.find(values, "role"))
      module.role = file.read_role(*role).value_or(module.role);
    settings.modules.push_back(std::move(module));
  }
}

std::vector<ProbePattern> read_probe_allow(SettingValues& file, const YamlValue& value) {
  std::vector<ProbePattern> patterns;
  for (const auto& item : file.list_of(value)) {
    if (auto pattern = read_pattern(file, item)) patterns.push_back(std::move(*pattern));
  }
  return patterns;
}

}  // namespace dkimprobe::config
