#include "exporters/status/status_answer.hpp"

#include <utility>

#include <fmt/format.h>

#include "exporters/status/status_json.hpp"
#include "exporters/status/status_pages.hpp"

namespace dkimprobe::exporters {
namespace {

StatusAnswer made(bool as_json, std::string body, int code = 200) {
  return {code, as_json ? "application/json" : "text/html; charset=utf-8", std::move(body)};
}

StatusAnswer not_found(const StatusOverview& overview, bool as_json, std::string_view words) {
  constexpr std::string_view title = "Not found";
  return made(as_json, as_json ? error_json(title, words) : error_page(overview, title, words), 404);
}

}  // namespace

StatusAnswer answer_route(const StatusOverview& overview, const StatusRoute& route) {
  const bool json = route.as_json;
  switch (route.view) {
    case StatusView::overview:
      return made(json, json ? overview_json(overview, route) : overview_page(overview, route));
    case StatusView::probes:
      return made(json, json ? probes_json(overview) : probes_page(overview));
    case StatusView::checks:
      return made(json, checks_page(overview));
    case StatusView::domain:
    case StatusView::selector:
      break;
  }
  const auto* const domain = find_domain(overview, route.domain);
  if (domain == nullptr)
    return not_found(overview, json, fmt::format("The domain {} is not watched.", route.domain.to_string()));
  if (route.view == StatusView::domain)
    return made(json, json ? domain_json(overview, *domain) : domain_page(overview, *domain));
  const auto* const selector = find_selector(*domain, route.selector);
  if (selector == nullptr) {
    return not_found(overview, json,
                     fmt::format("The selector {} of {} is not watched.", route.selector.to_string(),
                                 route.domain.to_string()));
  }
  return made(
      json, json ? selector_json(overview, *domain, *selector) : selector_page(overview, *domain, *selector));
}

StatusAnswer no_such_page(const StatusOverview& overview, bool as_json) {
  return not_found(overview, as_json, "There is no page at this address.");
}

}  // namespace dkimprobe::exporters
