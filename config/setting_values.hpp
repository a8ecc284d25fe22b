// The values that several sections of a settings file have: options, points in time, servers and names.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/basics/timestamp.hpp"
#include "config/names/named_server.hpp"
#include "config/options.hpp"
#include "config/settings.hpp"
#include "config/yaml/yaml_reader.hpp"

namespace dkimprobe::config {

class SettingValues : public YamlReader {
 public:
  /// Past events cannot be after `now`; without it, any time is accepted.
  SettingValues(std::string name, std::filesystem::path folder, std::optional<WallTime> now)
      : YamlReader(std::move(name), std::move(folder)), now_(now) {}

  [[nodiscard]] const std::optional<WallTime>& now() const { return now_; }

  /// Reads those of the options that the map has.
  void read_options(const YamlValues& values, std::span<const Option> options, Settings& settings);
  /// A duration within the limits of the option.
  [[nodiscard]] std::optional<std::chrono::milliseconds> read_time(const Option& option,
                                                                   const YamlValue& value);
  [[nodiscard]] std::optional<Timestamp> read_timestamp(const YamlValue& value);
  /// Likewise, but not in the future.
  [[nodiscard]] std::optional<Timestamp> read_past(const YamlValue& value);
  [[nodiscard]] std::optional<Role> read_role(const YamlValue& value);
  [[nodiscard]] std::optional<bool> read_yes_no(const YamlValue& value);
  [[nodiscard]] std::vector<NamedServer> read_nameservers(const YamlValue& value);
  /// A text with more than white space; else `message` is the error.
  [[nodiscard]] std::optional<std::string_view> read_reason(const YamlValue& value, std::string_view message);
  /// Checks a key that the operator chose; `what` it names ("a group").
  void check_name(const std::string& name, const YamlValue& value, std::string_view what);

 private:
  std::optional<WallTime> now_;
};

/// A name of a group or a module: letters, digits, `-`, `_` and `.`, at most 63.
[[nodiscard]] bool is_plain_name(std::string_view name);

/// These keys and those of the options.
[[nodiscard]] std::vector<std::string> with_options(std::vector<std::string> keys,
                                                    std::span<const Option> options);

}  // namespace dkimprobe::config
