// Every scalar setting declared once: its key, unit, limits, default and meaning. The flags of the command
// line and the keys of the settings file are made from these tables; they read no file themselves.
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
  queries_per_second,  ///< `unlimited` lifts it
  duration,            ///< `400ms`, `3s`, `30m`, `7d`; counted in milliseconds
  duration_or_never,   ///< likewise; 0 is `never`
  yes_no,
};

/// One scalar of `Settings`. Limits and default are numbers of the unit; both limits are allowed values.
struct Option {
  using Place =
      std::variant<std::uint16_t ProbeSettings::*, std::uint32_t ProbeSettings::*, double ProbeSettings::*,
                   bool ProbeSettings::*, std::chrono::milliseconds ProbeSettings::*,
                   std::uint32_t Budgets::*, std::chrono::milliseconds Budgets::*, std::uint32_t Policy::*,
                   std::chrono::milliseconds Policy::*, bool Policy::*,
                   std::chrono::milliseconds RotationTimes::*, std::chrono::milliseconds Settings::*>;

  std::string_view key{};      ///< without the leading dashes of a flag; see `file_key`
  std::string_view group{};    ///< a heading for people
  std::string_view meaning{};  ///< one clause
  Unit unit = Unit::none;
  double minimum = 0;
  double maximum = 0;
  double default_value = 0;
  Place place{};
};

/// How servers are asked: flags, and `probe` of the file. In the order in which they are shown.
[[nodiscard]] std::span<const Option> probe_options();
/// What counts as a fault: flags, and `policy` of the file.
[[nodiscard]] std::span<const Option> policy_options();
/// When domains are looked at: in the file alone, at its top, in groups and in domains.
[[nodiscard]] std::span<const Option> schedule_options();
/// How often keys change: in the file alone, in `rotation` at its top, in groups and in domains.
[[nodiscard]] std::span<const Option> rotation_options();

/// The key of the option in a settings file: `initial_timeout` for `first-try`.
[[nodiscard]] std::string file_key(const Option& option);

/// Reads `text` as a value of the option and puts it into `settings`. The mistake names the option as `where`
/// says it, the value, and the limits; `settings` is then as before.
[[nodiscard]] Result<void> set_option(const Option& option, std::string_view text, std::string where,
                                      Settings& settings);

/// The value that `settings` holds, as a number of the option's unit.
[[nodiscard]] double option_value(const Option& option, const Settings& settings);

/// Gives `to` the value that `from` holds.
void copy_option(const Option& option, const Settings& from, Settings& to);

/// A number of the unit as `set_option` reads it: `400ms`, `30s`, `unlimited`, `yes`.
[[nodiscard]] std::string format_value(Unit unit, double value);

/// What may be given: `from 50ms to 10s`.
[[nodiscard]] std::string format_limits(const Option& option);

/// Reads `yes` or `no`, and the words `true` and `false` of YAML 1.2, on which its editors insist.
[[nodiscard]] std::optional<bool> parse_yes_no(std::string_view text);

/// Reads a whole number with one of the units `ms`, `s`, `m`, `h`, `d`.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace dkimprobe::config
