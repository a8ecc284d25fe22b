// The status page and its JSON as routes: from what the daemon knows to the plain value that the pages read.
// Pages are made when somebody asks, and never while the thread that asks servers would wait for it.
#pragma once

#include <string>
#include <vector>

#include "cli/daemon/watch_state.hpp"
#include "exporters/http/http_server.hpp"
#include "exporters/status/status_overview.hpp"

namespace dkimprobe::cli {

/// All of the fleet but for histories.
[[nodiscard]] exporters::StatusOverview status_overview(const checks::Fleet& fleet, probe::WallTime now);

/// `overview` has what `status_overview` cannot know but for the history, which comes from `state`.
[[nodiscard]] exporters::Response status_response(const exporters::Request& request,
                                                  exporters::StatusOverview overview,
                                                  const WatchState& state);

[[nodiscard]] exporters::Response stylesheet_response();

}  // namespace dkimprobe::cli
