// How many clients fit within the limit of open files, so that they never take the descriptors that probes
// need.
#pragma once

#include <cstddef>

#include "config/basics/result.hpp"
#include "exporters/http/http_server.hpp"

namespace dkimprobe::exporters {

/// How many files may be open, `open_files`, and how many connections of clients that allows: at most
/// `WebLimits::connections`. It is an error if too few are left.
[[nodiscard]] config::Result<std::size_t> connections_within(std::size_t open_files, const WebLimits& limits);

/// The same for this process, whose limit of open files is raised first as far as needed and allowed.
[[nodiscard]] config::Result<std::size_t> make_room_for_clients(const WebLimits& limits);

}  // namespace dkimprobe::exporters
