// A timestamp as ISO 8601 text in UTC with milliseconds.
#pragma once

#include <string>

#include "probe/observation.hpp"

namespace dkimprobe::exporters {

[[nodiscard]] std::string iso_time(probe::WallTime time);

}  // namespace dkimprobe::exporters
