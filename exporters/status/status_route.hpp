// Paths of the status page: parses a path into a route, and formats a route as a path. It handles text only
// and does not check that the domain or selector exists.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checks/report/report.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::exporters {

/// Worst first, the order in which pages list them.
inline constexpr std::array all_statuses{checks::Status::critical, checks::Status::unknown,
                                         checks::Status::warning, checks::Status::ok};

enum class StatusView : std::uint8_t { overview, domain, selector, probes, checks };

/// What one request asks for.
struct StatusRoute {
  StatusView view = StatusView::overview;
  bool as_json = false;
  config::DomainName domain{};
  config::Selector selector{};
  // Only for the overview.
  std::optional<checks::Status> only{};  ///< only domains with this status
  std::string search{};                  ///< raw; part of the domain name, case-insensitive; empty: all
  std::size_t page = 1;

  friend bool operator==(const StatusRoute&, const StatusRoute&) = default;
};

inline constexpr std::string_view stylesheet_path = "/status.css";

using StatusQuery = std::vector<std::pair<std::string, std::string>>;

/// `path` and `query` are decoded, without the path prefix. Returns nothing for an unknown path. Ignores
/// unknown query parameters.
[[nodiscard]] std::optional<StatusRoute> parse_route(std::string_view path, const StatusQuery& query);

/// The request target of `route`; decoded, `parse_route` parses it to the same route.
[[nodiscard]] std::string to_path(const StatusRoute& route);

}  // namespace dkimprobe::exporters
