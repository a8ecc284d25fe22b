// The one place where the commands look at a clock; everything they call is told the time.
#pragma once

#include "probe/observation.hpp"

namespace dkimprobe::cli {

/// What this machine's clock says, corrections included: for the daemon, and for lines of the log.
[[nodiscard]] probe::WallTime wall_time();

/// The time of one run of a command: the wall time of the first call and what has passed since then, sleep of
/// the machine included. It never goes back, and setting the clock meanwhile does not change it: a wait is as
/// long as was asked for, and a look never lies after the verdict from it.
[[nodiscard]] probe::WallTime run_time();

}  // namespace dkimprobe::cli
