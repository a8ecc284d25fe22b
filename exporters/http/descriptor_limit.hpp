// How many clients fit within the limit of open files, so that they never take the descriptors that probes
// need.
#pragma once

#include <cstddef>

#include "config/basics/result.hpp"
#include "exporters/http/http_server.hpp"

namespace dkimprobe::exporters {

/// Raises the limit of open files of this process as far as needed and allowed, and returns how many clients
/// fit: at most `WebLimits::connections`. It is an error if too few do.
[[nodiscard]] config::Result<std::size_t> make_room_for_clients(const WebLimits& limits);

}  // namespace dkimprobe::exporters
