// A status and a time as sample values.
#pragma once

#include "checks/report/report.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::exporters {

/// 0 ok, 1 warning, 2 critical, 3 unknown.
[[nodiscard]] constexpr double metric_value(checks::Status status) {
  switch (status) {
    case checks::Status::ok:
      return 0;
    case checks::Status::warning:
      return 1;
    case checks::Status::critical:
      return 2;
    case checks::Status::unknown:
      return 3;
  }
  return 3;
}

/// 0 secure, 1 insecure, 2 bogus, 3 indeterminate.
[[nodiscard]] constexpr double metric_value(checks::Security state) {
  return static_cast<double>(state);
}

/// Seconds since 1970.
[[nodiscard]] constexpr double metric_value(probe::WallTime time) {
  return static_cast<double>(time.time_since_epoch().count()) / 1'000.0;
}

}  // namespace dkimprobe::exporters
