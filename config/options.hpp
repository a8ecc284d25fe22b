// Declares every scalar setting once: key, unit, limits, default and meaning. Both the flags of the command
// line and the keys of the settings file come from these tables.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "config/basics/result.hpp"
#include "config/settings.hpp"

namespace dkimprobe::config {

enum class Unit : std::uint8_t {
  none,
  bytes,
  queries_per_second,  ///< 0 is `unlimited`
  duration,            ///< `400ms`, `3s`, `30m`, `7d`; counted in milliseconds
  duration_or_never,   ///< likewise; 0 is `never`
  yes_no,
  key_size,  ///< a number of bits, or a profile: below `smallest_key_bits`, its place in `key_size_profiles`
};

inline constexpr std::uint32_t smallest_key_bits = 1'024;

/// One scalar of `Settings`. Limits and default are numbers of the unit; both limits are allowed values.
struct Option {
  using Place =
      std::variant<std::uint16_t ProbeSettings::*, std::uint32_t ProbeSettings::*, double ProbeSettings::*,
                   bool ProbeSettings::*, std::chrono::milliseconds ProbeSettings::*,
                   std::uint32_t Budgets::*, std::chrono::milliseconds Budgets::*, KeySizeRule Policy::*,
                   std::chrono::milliseconds Policy::*, bool Policy::*,
                   std::chrono::milliseconds RotationTimes::*, std::chrono::milliseconds Settings::*>;

  std::string_view key{};      ///< without the leading dashes of a flag; see `file_key`
  std::string_view group{};    ///< heading in the help
  std::string_view meaning{};  ///< one clause
  Unit unit = Unit::none;
  double minimum = 0;
  double maximum = 0;
  double default_value = 0;
  Place place{};
};

/// How servers are asked: flags, and `probe` in the file. In display order.
[[nodiscard]] std::span<const Option> probe_options();
/// What counts as a fault: flags, and `policy` in the file.
[[nodiscard]] std::span<const Option> policy_options();
/// The one of them that groups and domains can also set.
[[nodiscard]] const Option& key_size_option();
/// When domains are probed: only in the file, at the top level, in groups and in domains.
[[nodiscard]] std::span<const Option> schedule_options();
/// How often keys change: only in the file, in `rotation` at the top level, in groups and in domains.
[[nodiscard]] std::span<const Option> rotation_options();

/// The key of the option in a settings file: `initial_timeout` for `initial-timeout`.
[[nodiscard]] std::string file_key(const Option& option);

/// Parses `text` as a value of the option and stores it in `settings`. An error has the place `where` and
/// names the value and the limits; `settings` is then unchanged.
[[nodiscard]] Result<void> set_option(const Option& option, std::string_view text, std::string where,
                                      Settings& settings);

/// The value that `settings` holds, as a number of the option's unit.
[[nodiscard]] double option_value(const Option& option, const Settings& settings);

/// Copies the value of the option.
void copy_option(const Option& option, const Settings& from, Settings& to);

/// Formats a value so that `set_option` can parse it: `400ms`, `30s`, `unlimited`, `yes`.
[[nodiscard]] std::string format_value(Unit unit, double value);

/// The allowed values: `a duration from 50ms to 10s with a unit: ...`.
[[nodiscard]] std::string format_limits(const Option& option);

/// Parses `yes` or `no`, and `true` or `false`, which YAML 1.2 editors insist on.
[[nodiscard]] std::optional<bool> parse_yes_no(std::string_view text);

/// Parses a whole number with one of the units `ms`, `s`, `m`, `h`, `d`.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace dkimprobe::config
