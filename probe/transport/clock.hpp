// The clock for deadlines and round trip times. Decisions get the time as an argument; only sockets read the
// clock.
#pragma once

#include <chrono>

namespace dkimprobe::probe {

using MonotonicTime = std::chrono::steady_clock::time_point;

}  // namespace dkimprobe::probe
