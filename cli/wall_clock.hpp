// The one place where the commands look at the clock; everything they call is told the time.
#pragma once

#include <chrono>

#include "probe/observation.hpp"

namespace dkimprobe::cli {

[[nodiscard]] inline probe::WallTime wall_time() {
  return std::chrono::time_point_cast<probe::WallTime::duration>(std::chrono::system_clock::now());
}

}  // namespace dkimprobe::cli
