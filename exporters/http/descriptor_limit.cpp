#include "exporters/http/descriptor_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

#include <fmt/format.h>

namespace dkimprobe::exporters {
namespace {

/// With fewer clients at once, a few that stay connected would keep others out.
constexpr std::size_t least_connections = 32;

/// Open files without the clients: each connection to the web server has two ends.
std::size_t files_without_clients(const WebLimits& limits) {
  return limits.reserved_files + 2 * limits.threads;
}

config::Result<std::size_t> connections_within(std::size_t open_files, const WebLimits& limits) {
  const std::size_t others = files_without_clients(limits);
  const std::size_t needed = others + std::min(least_connections, limits.connections);
  if (open_files >= needed) return std::min(limits.connections, open_files - others);
  return config::failure(
      "", fmt::format("the limit of open files is {}, and at least {} are needed: raise it with "
                      "`ulimit -n {}`, or LimitNOFILE={} in the systemd unit",
                      open_files, needed, needed, needed));
}

}  // namespace

config::Result<std::size_t> make_room_for_clients(const WebLimits& limits) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t wanted = files_without_clients(limits) + limits.connections;
  if (limit.rlim_cur < wanted) {
    const rlimit raised{std::min(wanted, limit.rlim_max), limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return connections_within(static_cast<std::size_t>(limit.rlim_cur), limits);
}

}  // namespace dkimprobe::exporters
