// The whole status page as one function: from what is asked for to what is answered. It knows no HTTP beyond
// a code and a type of content.
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

/// 404 for a domain or a selector that nobody watches.
[[nodiscard]] StatusAnswer answer_route(const StatusOverview& overview, const StatusRoute& route);

/// 404 for a path that no page has.
[[nodiscard]] StatusAnswer no_such_page(const StatusOverview& overview, bool as_json);

/// The same from the target of a request, the stylesheet included. A path that no page has gets 404.
[[nodiscard]] StatusAnswer answer_target(const StatusOverview& overview, std::string_view target);

}  // namespace dkimprobe::exporters
