// The section `groups` of a settings file: what many domains have in common.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/names/named_server.hpp"
#include "config/names/selector.hpp"
#include "config/setting_values.hpp"

namespace dkimprobe::config {

/// What a group sets for its domains and their selectors; empty values have no effect. Domains and selectors
/// have some of the same keys.
struct GroupSettings {
  std::optional<Role> role{};
  bool role_known = true;  ///< false after an error in the role
  std::optional<Service> service{};
  std::optional<Signs> signs{};
  std::optional<bool> subdomain_identities{};
  std::optional<std::chrono::milliseconds> interval{};
  std::vector<NamedServer> nameservers{};
  std::optional<KeySizeRule> key_size{};
  // Of the rotation.
  std::optional<std::chrono::milliseconds> max_key_age{};
  std::optional<std::chrono::milliseconds> selector_cooldown{};
  std::optional<std::chrono::milliseconds> retention{};
};

struct Groups {
  std::map<std::string, GroupSettings, std::less<>> by_name{};
  bool all_known = true;  ///< false after an error in the whole section
};

[[nodiscard]] Groups read_groups(SettingValues& file, const YamlValue& value);
/// The name of an existing group; empty without an error if the groups are not known.
[[nodiscard]] std::optional<std::string> read_group_name(SettingValues& file, const YamlValue& value,
                                                         const Groups& groups);

/// Everything but the rotation, from the map of a group, a domain or a selector.
[[nodiscard]] GroupSettings read_defaults(SettingValues& file, const YamlValue& map,
                                          const YamlValues& values);
/// The keys of `read_rotation`, and `more`.
[[nodiscard]] std::vector<std::string> rotation_keys(std::vector<std::string> more);
/// Reads the times that the map `rotation` has.
void read_rotation(SettingValues& file, const YamlValues& values, GroupSettings& group);

}  // namespace dkimprobe::config
