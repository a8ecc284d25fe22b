#include "cli/daemon/status_route.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "exporters/metrics/metric_page.hpp"
#include "exporters/metrics/negotiation.hpp"
#include "exporters/status/status_answer.hpp"
#include "exporters/status/status_pages.hpp"
#include "exporters/status/status_route.hpp"

namespace dkimprobe::cli {
namespace {

using exporters::Request;
using exporters::Response;
using exporters::StatusOverview;

/// Smaller bodies are not compressed: they gain nothing.
constexpr std::size_t least_packed = 1'024;

/// Adds the history of the selector that the page shows.
void add_history(const exporters::StatusRoute& route, const WatchState& state, StatusOverview& overview) {
  const auto domain = std::ranges::find(overview.domains, route.domain, &exporters::StatusDomain::domain);
  if (domain == overview.domains.end()) return;
  const auto selector =
      std::ranges::find(domain->selectors, route.selector, &exporters::StatusSelector::selector);
  if (selector != domain->selectors.end()) selector->history = state.history({route.domain, route.selector});
}

}  // namespace

StatusOverview status_overview(const checks::Fleet& fleet, probe::WallTime now) {
  StatusOverview overview;
  overview.now = now;
  overview.path_intercepted = checks::path_intercepted(fleet);
  overview.reload = {fleet.reload.succeeded, fleet.reload.at, fleet.reload.errors};
  for (const auto& target : fleet.targets) {
    if (overview.domains.empty() || overview.domains.back().domain != target->key.domain) {
      auto& domain = overview.domains.emplace_back();
      domain.domain = target->key.domain;
      domain.rotation = find_rotation(fleet, target->key.domain);
    }
    auto& selector = overview.domains.back().selectors.emplace_back();
    selector.selector = target->key.selector;
    selector.role = target->role;
    selector.report = target->report;
    selector.confirming = target->confirming();
    selector.last_probe = target->last_probe;
    selector.next_probe = target->next_probe;
    selector.last_change = target->last_change;
    if (target->maintenance) selector.maintenance = {target->maintenance->until, target->maintenance->reason};
  }
  return overview;
}

Response status_response(const Request& request, StatusOverview overview, const WatchState& state) {
  const auto route = exporters::parse_route(request.path, request.query);
  if (route && route->view == exporters::StatusView::selector) add_history(*route, state, overview);
  auto answer =
      route ? answer_route(overview, *route) : no_such_page(overview, request.path.starts_with("/api/"));
  Response response;
  response.status = static_cast<unsigned>(answer.code);
  response.content_type = std::move(answer.content_type);
  // Pages show ages relative to now.
  response.headers = {{"Cache-Control", "no-store"},
                      {"Content-Security-Policy", std::string(exporters::status_content_policy)},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Vary", "Accept-Encoding"}};
  if (answer.body.size() >= least_packed && exporters::accepts_gzip(request.accept_encoding)) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    answer.body = exporters::gzip(answer.body);
  }
  response.body = std::make_shared<const std::string>(std::move(answer.body));
  return response;
}

Response stylesheet_response() {
  Response response;
  response.content_type = "text/css; charset=utf-8";
  response.headers = {{"Cache-Control", "max-age=300"}, {"X-Content-Type-Options", "nosniff"}};
  response.body = std::make_shared<const std::string>(exporters::stylesheet());
  return response;
}

}  // namespace dkimprobe::cli
