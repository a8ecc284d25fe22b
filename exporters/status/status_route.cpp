#include "exporters/status/status_route.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "exporters/http/request_target.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Status;

constexpr std::string_view api_prefix = "/api/v1";

std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

void read_query(const StatusQuery& query, StatusRoute& route) {
  for (const auto& [name, value] : query) {
    if (name == "status") {
      const auto* const status =
          std::ranges::find(all_statuses, value, [](Status each) { return checks::to_string(each); });
      if (status != all_statuses.end()) route.only = *status;
    } else if (name == "search") {
      route.search = value;
    } else if (name == "page") {
      std::size_t page = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), page);
      if (error == std::errc{} && end == value.data() + value.size() && page > 0) route.page = page;
    }
  }
}

/// Parses what follows `/domains/`: a domain, or a domain, `selectors` and a selector.
bool read_names(std::string_view names, StatusRoute& route) {
  const auto parts = parts_of(names, '/');
  if (parts.size() != 1 && (parts.size() != 3 || parts[1] != "selectors")) return false;
  const auto domain = config::DomainName::parse(parts[0]);
  if (!domain) return false;
  route.domain = *domain;
  route.view = StatusView::domain;
  if (parts.size() == 1) return true;
  const auto selector = config::Selector::parse(parts[2]);
  if (!selector) return false;
  route.selector = *selector;
  route.view = StatusView::selector;
  return true;
}

std::string query_of(const StatusRoute& route) {
  std::string query;
  const auto add = [&](std::string_view name, std::string_view value) {
    query += fmt::format("{}{}={}", query.empty() ? "?" : "&", name, percent_encoded(value));
  };
  if (route.only) add("status", checks::to_string(*route.only));
  if (!route.search.empty()) add("search", route.search);
  if (route.page != 1) add("page", fmt::format("{}", route.page));
  return query;
}

}  // namespace

std::optional<StatusRoute> parse_route(std::string_view path, const StatusQuery& query) {
  constexpr std::string_view domains = "/domains/";
  StatusRoute route;
  if (path.starts_with(api_prefix)) {
    route.as_json = true;
    path.remove_prefix(api_prefix.size());
  }
  if (path == (route.as_json ? "/overview" : "/")) {
    read_query(query, route);
    return route;
  }
  if (path == "/probes") {
    route.view = StatusView::probes;
    return route;
  }
  // `dkimprobe explain --json` has the same as JSON.
  if (path == "/checks" && !route.as_json) {
    route.view = StatusView::checks;
    return route;
  }
  if (!path.starts_with(domains) || !read_names(path.substr(domains.size()), route)) return std::nullopt;
  return route;
}

std::string to_path(const StatusRoute& route) {
  const std::string_view prefix = route.as_json ? api_prefix : "";
  switch (route.view) {
    case StatusView::overview:
      return fmt::format("{}{}{}", prefix, route.as_json ? "/overview" : "/", query_of(route));
    case StatusView::domain:
      return fmt::format("{}/domains/{}", prefix, percent_encoded(route.domain.to_string()));
    case StatusView::selector:
      return fmt::format("{}/domains/{}/selectors/{}", prefix, percent_encoded(route.domain.to_string()),
                         percent_encoded(route.selector.to_string()));
    case StatusView::probes:
      return fmt::format("{}/probes", prefix);
    case StatusView::checks:
      return "/checks";
  }
  return {};
}

}  // namespace dkimprobe::exporters
