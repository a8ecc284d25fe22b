// A timestamp as an operator writes it: an RFC 3339 time, or a day.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dkimprobe::config {

using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// For a time, `first` and `last` are equal. A day spans the whole day in UTC; callers use whichever end is
/// safe.
struct Timestamp {
  WallTime first{};
  WallTime last{};

  friend bool operator==(const Timestamp&, const Timestamp&) = default;
};

/// `2026-11-01T09:30:00Z`, `2026-11-01T10:30:00.5+01:00` (RFC 3339 section 5.6), or `2026-11-01`.
[[nodiscard]] std::optional<Timestamp> parse_timestamp(std::string_view text);
/// The shortest text for which parse_timestamp gives this timestamp.
[[nodiscard]] std::string to_string(const Timestamp& timestamp);

}  // namespace dkimprobe::config
