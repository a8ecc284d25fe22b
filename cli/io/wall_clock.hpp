// The only place where commands read a clock; everything they call gets the time as an argument.
#pragma once

#include <chrono>

#include "probe/observation.hpp"

namespace dkimprobe::cli {

/// This program is newer: a clock that shows an earlier time is wrong, as after a start without a battery.
/// What is seen then is not stored, because the age of a key would be wrong for ever.
inline constexpr probe::WallTime earliest_time{std::chrono::sys_days{std::chrono::year{2025} / 1 / 1}};

/// The system clock, including corrections: for the daemon and the log.
[[nodiscard]] probe::WallTime wall_time();

/// The time within one run of a command: the wall time of the first call plus the time since then, including
/// sleep of the machine. It never goes back and ignores changes of the system clock, so a wait is as long as
/// requested and a probe never has a later time than its verdict.
[[nodiscard]] probe::WallTime run_time();

}  // namespace dkimprobe::cli
