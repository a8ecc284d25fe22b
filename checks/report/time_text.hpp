// Times and spans of time as people read them. It reads no clock.
#pragma once

#include <chrono>
#include <string>

#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// `2026-11-29 05:00:00 UTC`; a fraction of a second is rounded up, so that no time is told too early.
[[nodiscard]] std::string time_text(probe::WallTime time);

/// `7 days`, `36 hours`, `1 second`: in the largest unit that keeps it whole.
[[nodiscard]] std::string duration_text(std::chrono::seconds time);

}  // namespace dkimprobe::checks
