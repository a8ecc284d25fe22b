// The section `domains` of a settings file: each domain with its selectors, their expected keys and dates,
// and its rotation.
#pragma once

#include "config/group_settings.hpp"
#include "config/setting_values.hpp"
#include "config/settings.hpp"

namespace dkimprobe::config {

/// Adds the domains to `settings`, which give what neither a domain nor its group has.
void read_domains(SettingValues& file, const YamlValue& value, const Groups& groups, Settings& settings);

}  // namespace dkimprobe::config
