#include "cli/io/wall_clock.hpp"

#include <ctime>

#include <chrono>

namespace dkimprobe::cli {
namespace {

using std::chrono::nanoseconds;
using std::chrono::system_clock;

/// Unlike steady_clock, this clock also runs while the machine sleeps.
nanoseconds since_boot() {
  std::timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::seconds{time.tv_sec} + nanoseconds{time.tv_nsec};
}

}  // namespace

probe::WallTime wall_time() {
  return std::chrono::time_point_cast<probe::WallTime::duration>(system_clock::now());
}

probe::WallTime run_time() {
  static const auto booted_at = system_clock::now() - since_boot();
  return std::chrono::time_point_cast<probe::WallTime::duration>(booted_at + since_boot());
}

}  // namespace dkimprobe::cli
