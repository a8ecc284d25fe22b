// The only place where commands read a clock; everything they call gets the time as an argument.
#pragma once

#include "probe/observation.hpp"

namespace dkimprobe::cli {

/// The system clock, including corrections: for the daemon and the log.
[[nodiscard]] probe::WallTime wall_time();

/// The time within one run of a command: the wall time of the first call plus the time since then, including
/// sleep of the machine. It never goes back and ignores changes of the system clock, so a wait is as long as
/// requested and a probe never has a later time than its verdict.
[[nodiscard]] probe::WallTime run_time();

}  // namespace dkimprobe::cli
