// How times and durations are written: the one place for every text and every JSON output.
//
// For people, a duration has its two largest units, and from ten of the larger one on only that: "45 s",
// "2 h 5 min", "3 days 4 h", "14 days". The rest is rounded so that nobody acts too early: a remaining wait
// is rounded up, an elapsed time is rounded down. TTLs and settings are exact, because people compare them
// with a zone file or a configuration.
//
// For machines, a time is ISO 8601 and a duration is a number whose name ends with the unit. The syntax of
// durations in settings is that of config/options.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// For people: `2026-11-29 05:00:00 UTC`; fractions of a second are rounded up, so that no time is shown too
/// early.
[[nodiscard]] std::string time_text(probe::WallTime time);

/// For machines: `2026-11-29T05:00:00.000Z`.
[[nodiscard]] std::string iso_time(probe::WallTime time);

/// A setting or a TTL, exactly: `7 days`, `1 day 12 h`, `90061 s` if two units cannot hold it.
[[nodiscard]] std::string duration_text(std::chrono::seconds time);
[[nodiscard]] inline std::string ttl_text(std::uint32_t seconds) {
  return duration_text(std::chrono::seconds{seconds});
}

/// How long something is still to last, rounded up. A negative wait is over: `0 s`.
[[nodiscard]] std::string wait_text(std::chrono::milliseconds time);

/// How long something has lasted, rounded down.
[[nodiscard]] std::string elapsed_text(std::chrono::milliseconds time);

/// `in 2 h 5 min` (a wait), `3 days ago` (elapsed).
[[nodiscard]] std::string distance_text(probe::WallTime time, probe::WallTime now);

/// A measured time, such as that of a round trip: `9.4 ms`, `212 ms`, `1.2 s`.
[[nodiscard]] std::string measured_text(std::chrono::microseconds time);

/// The same in seconds, however short: `2.8 s`.
[[nodiscard]] std::string seconds_text(std::chrono::microseconds time);

}  // namespace dkimprobe::checks
