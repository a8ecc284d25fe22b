#include "config/setting_values.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/basics/ascii.hpp"

namespace dkimprobe::config {

void SettingValues::read_options(const YamlValues& values, std::span<const Option> options,
                                 Settings& settings) {
  for (const auto& option : options) {
    const YamlValue* const value = find(values, file_key(option));
    if (value == nullptr) continue;
    const auto text = text_of(*value);
    if (!text) continue;
    if (auto set = set_option(option, *text, "", settings); !set) wrong(*value, set.error());
  }
}

std::optional<std::chrono::milliseconds> SettingValues::read_time(const Option& option,
                                                                  const YamlValue& value) {
  return parsed(value, [&](std::string_view text) {
    Settings scratch;
    return set_option(option, text, "", scratch).map([&] {
      return std::chrono::milliseconds{static_cast<std::int64_t>(option_value(option, scratch))};
    });
  });
}

std::optional<Timestamp> SettingValues::read_timestamp(const YamlValue& value) {
  return word_of(value, parse_timestamp,
                 "a day such as 2026-11-01 (in UTC), or a time such as 2026-11-01T09:30:00Z");
}

std::optional<Timestamp> SettingValues::read_past(const YamlValue& value) {
  const auto timestamp = read_timestamp(value);
  if (timestamp && now_ && timestamp->first > *now_) {
    wrong(value, fmt::format("`{}` is in the future; a past time was expected", shown(value.node->text)));
    return std::nullopt;
  }
  return timestamp;
}

std::optional<Role> SettingValues::read_role(const YamlValue& value) {
  return word_of(value, parse_role, "pending, active, standby or retired");
}

std::optional<bool> SettingValues::read_yes_no(const YamlValue& value) {
  return word_of(value, parse_yes_no, "`yes` or `no`");
}

std::vector<NamedServer> SettingValues::read_nameservers(const YamlValue& value) {
  std::vector<NamedServer> servers;
  for (const auto& item : list_of(value)) {
    if (auto server = parsed(item, [](std::string_view text) { return read_named_server(text, ""); }))
      servers.push_back(std::move(*server));
  }
  return servers;
}

std::optional<std::string_view> SettingValues::read_reason(const YamlValue& value, std::string_view message) {
  const auto text = text_of(value);
  if (!text || !without_outer_space(*text).empty()) return text;
  wrong(value, std::string(message));
  return std::nullopt;
}

void SettingValues::check_name(const std::string& name, const YamlValue& value, std::string_view what) {
  if (is_plain_name(name)) return;
  wrong({value.node, value.key_place, value.key, value.key_place},
        fmt::format("{} name has at most 63 letters, digits, `-`, `_` and `.`", what));
}

bool is_plain_name(std::string_view name) {
  constexpr std::size_t longest = 63;
  const auto allowed = [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.'; };
  return !name.empty() && name.size() <= longest && std::ranges::all_of(name, allowed);
}

std::vector<std::string> with_options(std::vector<std::string> keys, std::span<const Option> options) {
  for (const auto& option : options) keys.push_back(file_key(option));
  return keys;
}

}  // namespace dkimprobe::config
