#include <fmt/format.h>

#include "checks/report/time_text.hpp"
#include "exporters/status/page_parts.hpp"
#include "exporters/status/status_pages.hpp"

namespace dkimprobe::exporters {
namespace {

constexpr std::size_t shown_octets = 80;

void write_probe(HtmlWriter& html, const RecentProbe& probe, probe::WallTime now) {
  const auto row = html.open("tr", {{"role", "row"}});
  {
    const auto cell = html.open("th", {{"scope", "row"}, {"role", "rowheader"}});
    if (probe.target.empty()) {
      html.leaf("span", {{"class", "quiet"}}, "no target");
    } else {
      html.foreign(probe.target, shown_octets);
    }
    if (!probe.selector.empty()) {
      html.raw(" ");
      const auto selector = html.open("span", {{"class", "mark"}});
      html.foreign(probe.selector, shown_octets);
    }
  }
  {
    const auto cell = html.open("td", {{"role", "cell"}});
    if (probe.status) {
      write_status(html, *probe.status);
    } else {
      html.raw("refused");
    }
  }
  html.leaf("td", {{"role", "cell"}, {"class", "wide"}}, probe.detail);
  {
    const auto cell = html.open("td", {{"role", "cell"}});
    if (probe.module.empty()) {
      html.raw("default module");
    } else {
      html.raw("module ");
      html.foreign(probe.module, shown_octets);
    }
  }
  const auto cell = html.open("td", {{"role", "cell"}, {"class", "time"}});
  write_distance(html, probe.at, now);
  html.text(fmt::format(", took {}", checks::measured_text(probe.took)));
}

}  // namespace

std::string probes_page(const StatusOverview& overview) {
  StatusRoute json;
  json.view = StatusView::probes;
  json.as_json = true;
  const PageHead head{"Recent probes", StatusView::probes, {}, link_to(overview, json)};
  return framed(overview, head, [&](HtmlWriter& html) {
    html.leaf("h1", "Recent probes");
    {
      const auto words = html.open("p", {{"class", "quiet"}});
      html.raw("On-demand probes requested through <code>/probe</code>, newest first.");
    }
    if (overview.recent_probes.empty()) return html.leaf("p", "None since the program started.");
    const auto table = html.open("table", {{"class", "cards"}, {"role", "table"}});
    html.leaf("caption", {{"class", "visually-hidden"}}, "Recent probes, newest first");
    write_column_heads(html, {"Target", "Status", "Result", "Module", "When"});
    const auto body = html.open("tbody", {{"role", "rowgroup"}});
    for (const auto& probe : overview.recent_probes) write_probe(html, probe, overview.now);
  });
}

std::string error_page(const StatusOverview& overview, std::string_view title, std::string_view words) {
  const PageHead head{std::string(title), std::nullopt, {}, {}};
  return framed(overview, head, [&](HtmlWriter& html) {
    html.leaf("h1", title);
    html.leaf("p", words);
    const auto line = html.open("p");
    html.leaf("a", {{"href", link_to(overview, StatusRoute{})}}, "All domains");
  });
}

}  // namespace dkimprobe::exporters
