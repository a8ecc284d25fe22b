#include "config/group_settings.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace dkimprobe::config {
namespace {

const Option& retention_option() {
  return *std::ranges::find(policy_options(), "retired-key-retention", &Option::key);
}

}  // namespace

GroupSettings read_defaults(SettingValues& file, const YamlValue& map, const YamlValues& values) {
  GroupSettings group;
  if (const YamlValue* const role = file.find(values, "role")) group.role = file.read_role(*role);
  group.role_known = file.is_read(map, "role");
  if (const YamlValue* const service = file.find(values, "service"))
    group.service = file.word_of(*service, parse_service, "email or tlsrpt");
  if (const YamlValue* const signs = file.find(values, "signs"))
    group.signs = file.word_of(*signs, parse_signs, "dkim1, dkim2 or both");
  if (const YamlValue* const identities = file.find(values, "subdomain_identities"))
    group.subdomain_identities = file.read_yes_no(*identities);
  if (const YamlValue* const interval = file.find(values, "interval"))
    group.interval = file.read_time(schedule_options().front(), *interval);
  if (const YamlValue* const servers = file.find(values, "nameservers"))
    group.nameservers = file.read_nameservers(*servers);
  if (file.find(values, file_key(key_size_option())) != nullptr) {
    Settings own;
    file.read_options(values, {&key_size_option(), 1}, own);
    group.key_size = own.policy.key_size;
  }
  return group;
}

std::vector<std::string> rotation_keys(std::vector<std::string> more) {
  more.push_back(file_key(retention_option()));
  return with_options(std::move(more), rotation_options());
}

void read_rotation(SettingValues& file, const YamlValues& values, GroupSettings& group) {
  const auto read = [&](const Option& option, std::optional<std::chrono::milliseconds>& time) {
    if (const YamlValue* const value = file.find(values, file_key(option)))
      time = file.read_time(option, *value);
  };
  read(rotation_options()[0], group.max_key_age);
  read(rotation_options()[1], group.selector_cooldown);
  read(retention_option(), group.retention);
}

Groups read_groups(SettingValues& file, const YamlValue& value) {
  static const std::vector<std::string> keys = {"role",     "service",     "signs",    "subdomain_identities",
                                                "interval", "nameservers", "rotation", "rsa_bits_wanted"};
  Groups groups;
  for (const auto& [name, held] : file.map_of(value, std::nullopt)) {
    file.check_name(name, held, "a group");
    const auto values = file.map_of(held, keys);
    GroupSettings group = read_defaults(file, held, values);
    if (const YamlValue* const rotation = file.find(values, "rotation"))
      read_rotation(file, file.map_of(*rotation, rotation_keys({})), group);
    if (!file.is_read(value, name)) group.role_known = false;
    groups.by_name.emplace(name, std::move(group));
  }
  return groups;
}

std::optional<std::string> read_group_name(SettingValues& file, const YamlValue& value,
                                           const Groups& groups) {
  const auto text = file.text_of(value);
  if (!text) return std::nullopt;
  if (groups.by_name.contains(*text)) return std::string(*text);
  if (!groups.all_known) return std::nullopt;
  std::vector<std::string> names;
  if (file.error_count() < most_errors) {
    // Do not suggest an invalid name.
    for (const auto& each : groups.by_name) {
      if (is_plain_name(each.first)) names.push_back(each.first);
    }
  }
  file.wrong(value, fmt::format("there is no group `{}`{}", shown(*text), file.suggestion(*text, names)));
  return std::nullopt;
}

}  // namespace dkimprobe::config
