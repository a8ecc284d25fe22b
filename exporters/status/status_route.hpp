// The paths of the status page: which page a path asks for, and the path of a page. Pure text both ways; it
// does not know whether what is asked for exists.
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

/// The worst first, as pages list them.
inline constexpr std::array all_statuses{checks::Status::critical, checks::Status::unknown,
                                         checks::Status::warning, checks::Status::ok};

enum class StatusView : std::uint8_t { overview, domain, selector, probes };

/// What one request asks for.
struct StatusRoute {
  StatusView view = StatusView::overview;
  bool as_json = false;
  config::DomainName domain{};
  config::Selector selector{};
  // Of the overview alone.
  std::optional<checks::Status> only{};  ///< domains of this status
  std::string search{};                  ///< raw: part of the name, case does not matter; all when empty
  std::size_t page = 1;

  friend bool operator==(const StatusRoute&, const StatusRoute&) = default;
};

inline constexpr std::string_view stylesheet_path = "/status.css";

/// `target` is that of a request, with its query and without the prefix. Nothing when no page has this path.
/// Members of the query that mean nothing are passed over.
[[nodiscard]] std::optional<StatusRoute> parse_route(std::string_view target);
/// The same of what is decoded already.
using StatusQuery = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] std::optional<StatusRoute> parse_route(std::string_view path, const StatusQuery& query);

/// A target that `parse_route` reads back as `route`.
[[nodiscard]] std::string to_path(const StatusRoute& route);

}  // namespace dkimprobe::exporters
