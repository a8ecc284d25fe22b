#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
#include "config/basics/ascii.hpp"
#include "exporters/status/page_parts.hpp"
#include "exporters/status/status_pages.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Status;

constexpr std::size_t domains_a_page = 200;
constexpr std::size_t shown_selectors = 12;

/// The number of domains with each status, as links that filter by it.
void write_tiles(HtmlWriter& html, const StatusOverview& overview, const StatusRoute& route) {
  const auto list = html.open("ul", {{"class", "tiles"}, {"aria-label", "Domains by status"}});
  for (const auto status : all_statuses) {
    const auto count = std::ranges::count_if(
        overview.domains, [&](const StatusDomain& domain) { return status_of(domain) == status; });
    StatusRoute there;
    // The selected tile links back to all domains.
    if (route.only != status) there.only = status;
    there.search = route.search;
    const auto item = html.open("li");
    const std::string link = link_to(overview, there);
    const std::string tile_class =
        fmt::format("tile {}{}", checks::to_string(status), count == 0 ? " none" : "");
    const auto anchor = html.open(
        "a",
        {{"href", link}, {"class", tile_class}, {"aria-current", route.only == status ? "true" : "false"}});
    html.leaf("strong", fmt::format("{}", count));
    html.raw(" ");
    write_status(html, status);
  }
}

void write_search(HtmlWriter& html, const StatusOverview& overview, const StatusRoute& route) {
  const auto form = html.open(
      "form", {{"method", "get"}, {"role", "search"}, {"action", link_to(overview, StatusRoute{})}});
  if (route.only) {
    html.empty(
        "input",
        {{"type", "hidden"}, {"name", "status"}, {"value", std::string(checks::to_string(*route.only))}});
  }
  html.leaf("label", {{"for", "search"}}, "Domain contains");
  html.empty("input", {{"type", "search"},
                       {"id", "search"},
                       {"name", "search"},
                       {"value", route.search},
                       {"autocomplete", "off"},
                       {"spellcheck", "false"}});
  html.leaf("button", "Search");
}

void write_worst(HtmlWriter& html, const StatusDomain& domain) {
  const auto* const worst = worst_selector(domain);
  if (worst == nullptr) return html.text("no selector is watched");
  if (status_of(*worst) == Status::ok && domain.selectors.size() > 1)
    return html.text(fmt::format("all {} selectors are ok", domain.selectors.size()));
  if (domain.selectors.size() > 1) {
    html.leaf("b", worst->selector.to_string());
    html.raw(": ");
  }
  html.text(headline_of(*worst));
  if (const auto* const fault = worst_fault(*worst)) {
    html.raw(" ");
    html.leaf("code", {{"class", "check"}}, fault->check->name);
  }
}

void write_chips(HtmlWriter& html, const StatusOverview& overview, const StatusDomain& domain) {
  const auto list = html.open("ul", {{"class", "chips"}});
  for (std::size_t i = 0; i < std::min(domain.selectors.size(), shown_selectors); ++i) {
    const auto& selector = domain.selectors[i];
    const auto item = html.open("li");
    const std::string word(checks::to_string(status_of(selector)));
    const auto link = html.open("a", {{"href", link_to_selector(overview, domain.domain, selector.selector)},
                                      {"class", "chip " + word}});
    html.text(selector.selector.to_string());
    html.raw(" ");
    html.leaf("span", {{"class", "word"}}, word);
  }
  if (domain.selectors.size() > shown_selectors)
    html.leaf("li", fmt::format("and {} more", domain.selectors.size() - shown_selectors));
}

template <class Value>
std::optional<probe::WallTime> extreme_time(const StatusDomain& domain, Value value, bool latest) {
  std::optional<probe::WallTime> extreme;
  for (const auto& selector : domain.selectors) {
    const auto time = value(selector);
    if (time && (!extreme || (latest ? *time > *extreme : *time < *extreme))) extreme = time;
  }
  return extreme;
}

void write_row(HtmlWriter& html, const StatusOverview& overview, const StatusDomain& domain) {
  const auto row = html.open("tr", {{"role", "row"}});
  {
    const auto cell = html.open("th", {{"scope", "row"}, {"role", "rowheader"}});
    html.leaf("a", {{"href", link_to_domain(overview, domain.domain)}}, domain.domain.to_string());
  }
  {
    const auto cell = html.open("td", {{"role", "cell"}});
    write_status(html, status_of(domain));
  }
  {
    const auto cell = html.open("td", {{"role", "cell"}, {"class", "wide"}});
    write_worst(html, domain);
    if (domain.rotation && domain.rotation->status != checks::Status::ok) {
      html.raw(" ");
      html.leaf("span", {{"class", "mark"}},
                fmt::format("rotation: {}", checks::to_string(domain.rotation->status)));
    }
    if (std::ranges::any_of(domain.selectors, [&](const StatusSelector& selector) {
          return is_in_maintenance(selector, overview.now);
        })) {
      html.raw(" ");
      html.leaf("span", {{"class", "mark"}}, "maintenance");
    }
  }
  {
    const auto cell = html.open("td", {{"role", "cell"}, {"class", "wide"}});
    write_chips(html, overview, domain);
  }
  {
    const auto cell = html.open("td", {{"role", "cell"}, {"class", "time"}});
    const auto last = extreme_time(domain, [](const auto& each) { return each.last_probe; }, true);
    const auto next = extreme_time(domain, [](const auto& each) { return each.next_probe; }, false);
    if (last) {
      html.raw("probed ");
      write_distance(html, *last, overview.now);
    } else {
      html.raw("not probed yet");
    }
    if (next) {
      html.raw(", ");
      write_next_probe(html, *next, overview.now);
    }
  }
}

void write_table(HtmlWriter& html, const StatusOverview& overview,
                 const std::vector<const StatusDomain*>& domains, std::size_t first, std::size_t end) {
  const auto table = html.open("table", {{"class", "cards"}, {"role", "table"}});
  html.leaf("caption", {{"class", "visually-hidden"}}, "Domains, worst first");
  write_column_heads(html, {"Domain", "Status", "Worst finding", "Selectors", "Probes"});
  const auto body = html.open("tbody", {{"role", "rowgroup"}});
  for (std::size_t i = first; i < end; ++i) write_row(html, overview, *domains[i]);
}

void write_pages(HtmlWriter& html, const StatusOverview& overview, const StatusRoute& route,
                 std::size_t pages) {
  if (pages <= 1) return;
  const auto navigation = html.open("nav", {{"aria-label", "Pages of the list"}, {"class", "pages"}});
  const auto link = [&](std::size_t page, std::string_view words) {
    StatusRoute there = route;
    there.page = page;
    html.leaf("a", {{"href", link_to(overview, there)}}, words);
    html.raw(" ");
  };
  if (route.page > 1) link(std::min(route.page - 1, pages), "Previous page");
  html.leaf("span", fmt::format("page {} of {} ", route.page, pages));
  if (route.page < pages) link(route.page + 1, "Next page");
}

}  // namespace

std::vector<const StatusDomain*> filtered_domains(const StatusOverview& overview, const StatusRoute& route) {
  const std::string search = config::lower_case(route.search);
  std::vector<const StatusDomain*> domains;
  for (const auto& domain : overview.domains) {
    if (route.only && status_of(domain) != *route.only) continue;
    if (!search.empty() && config::lower_case(domain.domain.to_string()).find(search) == std::string::npos)
      continue;
    domains.push_back(&domain);
  }
  std::ranges::sort(domains, {}, [](const StatusDomain* domain) {
    return std::pair(urgency(status_of(*domain)), domain);  // pointers into one vector keep its order
  });
  return domains;
}

std::string overview_page(const StatusOverview& overview, const StatusRoute& route) {
  StatusRoute json = route;
  json.as_json = true;
  const PageHead head{"Domains", StatusView::overview, {}, link_to(overview, json)};
  return framed(overview, head, [&](HtmlWriter& html) {
    html.leaf("h1", "Domains");
    write_tiles(html, overview, route);
    write_search(html, overview, route);
    const auto domains = filtered_domains(overview, route);
    const std::size_t pages = (domains.size() + domains_a_page - 1) / domains_a_page;
    const std::size_t first = std::min(std::min(route.page - 1, pages) * domains_a_page, domains.size());
    const std::size_t end = std::min(first + domains_a_page, domains.size());
    {
      const auto words = html.open("p", {{"class", "quiet"}});
      html.text(domains.size() == overview.domains.size()
                    ? counted(domains.size(), "domain")
                    : fmt::format("{} of {}", domains.size(), counted(overview.domains.size(), "domain")));
      if (domains.empty() && (route.only || !route.search.empty())) {
        html.raw(". ");
        html.leaf("a", {{"href", link_to(overview, StatusRoute{})}}, "Show all");
      }
    }
    if (first < end) write_table(html, overview, domains, first, end);
    write_pages(html, overview, route, pages);
  });
}

}  // namespace dkimprobe::exporters
