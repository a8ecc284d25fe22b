// Times and durations as text for people.
#pragma once

#include <chrono>
#include <string>

#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// `2026-11-29 05:00:00 UTC`; fractions of a second are rounded up, so that no time is shown too early.
[[nodiscard]] std::string time_text(probe::WallTime time);

/// `7 days`, `36 hours`, `1 second`: in the largest unit that gives a whole number.
[[nodiscard]] std::string duration_text(std::chrono::seconds time);

}  // namespace dkimprobe::checks
