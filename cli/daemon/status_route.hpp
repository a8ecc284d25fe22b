// The status page and its JSON as routes: converts the state of the daemon into the plain value that the
// pages read. Pages are rendered on request, and the probing thread never waits for that.
#pragma once

#include <string>
#include <vector>

#include "cli/daemon/watch_state.hpp"
#include "exporters/http/http_server.hpp"
#include "exporters/status/status_overview.hpp"

namespace dkimprobe::cli {

/// The whole fleet, without histories.
[[nodiscard]] exporters::StatusOverview status_overview(const checks::Fleet& fleet, probe::WallTime now);

/// The caller has completed `overview` except for the history, which comes from `state`.
[[nodiscard]] exporters::Response status_response(const exporters::Request& request,
                                                  exporters::StatusOverview overview,
                                                  const WatchState& state);

[[nodiscard]] exporters::Response stylesheet_response();

}  // namespace dkimprobe::cli
