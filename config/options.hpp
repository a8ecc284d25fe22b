// Every scalar setting of the network side declared once: its key, unit, limits, default and meaning. The
// command line, and whatever else reads settings, is made from this table; it reads no file itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "config/result.hpp"
#include "config/settings.hpp"

namespace dkimprobe::config {

enum class Unit : std::uint8_t {
  none,
  bytes,
  queries_per_second,  ///< `unlimited` lifts it
  duration,            ///< `400ms`, `3s`, `30m`; counted in milliseconds
  yes_no,
};

/// One scalar of `ProbeSettings`. Limits and default are numbers of the unit; both limits are allowed values.
struct Option {
  using Place =
      std::variant<std::uint16_t ProbeSettings::*, std::uint32_t ProbeSettings::*, double ProbeSettings::*,
                   bool ProbeSettings::*, std::chrono::milliseconds ProbeSettings::*,
                   std::uint32_t Budgets::*, std::chrono::milliseconds Budgets::*>;

  std::string_view key{};      ///< without the leading dashes of a flag
  std::string_view group{};    ///< a heading for people
  std::string_view meaning{};  ///< one clause
  Unit unit = Unit::none;
  double minimum = 0;
  double maximum = 0;
  double default_value = 0;
  Place place{};
};

/// The options in the order in which they are shown.
[[nodiscard]] std::span<const Option> probe_options();

/// Reads `text` as a value of the option and puts it into `settings`. The mistake names the option as `where`
/// says it, the value, and the limits; `settings` is then as before.
[[nodiscard]] Result<void> set_option(const Option& option, std::string_view text, std::string where,
                                      ProbeSettings& settings);

/// The value that `settings` holds, as a number of the option's unit.
[[nodiscard]] double option_value(const Option& option, const ProbeSettings& settings);

/// A number of the unit as `set_option` reads it: `400ms`, `30s`, `unlimited`, `yes`.
[[nodiscard]] std::string format_value(Unit unit, double value);

/// What may be given: `from 50ms to 10s`.
[[nodiscard]] std::string format_limits(const Option& option);

/// Reads a whole number with one of the units `ms`, `s`, `m`, `h`.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace dkimprobe::config
