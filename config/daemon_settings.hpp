// The sections of a settings file that only `serve` uses: maintenance, modules and probe_allow.
#pragma once

#include "config/group_settings.hpp"
#include "config/setting_values.hpp"
#include "config/settings.hpp"

namespace dkimprobe::config {

/// `settings` must have the domains and target files already.
/// After an error in the domains or target files, `targets_known` is false: what is under maintenance may be
/// one of those that could not be read.
void read_maintenance(SettingValues& file, const YamlValue& value, const Groups& groups, Settings& settings,
                      bool targets_known);
/// `settings` must have the section `probe` already.
void read_modules(SettingValues& file, const YamlValue& value, Settings& settings);
[[nodiscard]] std::vector<ProbePattern> read_probe_allow(SettingValues& file, const YamlValue& value);

}  // namespace dkimprobe::config
