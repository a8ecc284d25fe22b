// The whole status page as one function: from a route or target to a status code, a content type and a body.
// It uses no other part of HTTP.
#pragma once

#include <string>
#include <string_view>

#include "exporters/status/status_overview.hpp"
#include "exporters/status/status_route.hpp"

namespace dkimprobe::exporters {

struct StatusAnswer {
  int code = 200;
  std::string content_type{};
  std::string body{};
};

/// Returns 404 for a domain or selector that is not watched.
[[nodiscard]] StatusAnswer answer_route(const StatusOverview& overview, const StatusRoute& route);

/// The 404 answer for an unknown path.
[[nodiscard]] StatusAnswer no_such_page(const StatusOverview& overview, bool as_json);

}  // namespace dkimprobe::exporters
