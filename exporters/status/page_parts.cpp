#include "exporters/status/page_parts.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "checks/report/time_text.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Severity;
using checks::Status;

// Symbols with different shapes, drawn in the colour of the adjacent word.
constexpr Markup ok_sign(
    R"(<svg class="sign" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6.5"/><path d="M5 8.3l2.2 2.2L11 6"/></svg>)");
constexpr Markup warning_sign(
    R"(<svg class="sign" viewBox="0 0 16 16" aria-hidden="true"><path d="M8 1.8L15 14H1z"/><path d="M8 6v4M8 11.6v.8"/></svg>)");
constexpr Markup critical_sign(
    R"(<svg class="sign filled" viewBox="0 0 16 16" aria-hidden="true"><path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/><path class="cut" d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2"/></svg>)");
constexpr Markup unknown_sign(
    R"(<svg class="sign" viewBox="0 0 16 16" aria-hidden="true"><path d="M8 1l7 7-7 7-7-7z"/><path d="M6.3 6.6a1.7 1.7 0 1 1 2.4 1.6c-.5.2-.7.5-.7 1M8 11v.6"/></svg>)");
constexpr Markup notice_sign(
    R"(<svg class="sign" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6.5"/><path d="M8 7.4v4M8 4.6v.8"/></svg>)");

/// Longest reason of a maintenance window that is shown, in octets.
constexpr std::size_t longest_reason = 200;

void write_badge(HtmlWriter& html, Markup sign, std::string_view word) {
  const auto badge = html.open("span", {{"class", fmt::format("badge {}", word)}});
  html.raw(sign);
  html.text(word);
}

void write_navigation(HtmlWriter& html, const StatusOverview& overview, const PageHead& head) {
  const auto navigation = html.open("nav", {{"aria-label", "Pages"}});
  const auto list = html.open("ul");
  const auto entry = [&](StatusView view, std::string_view words) {
    const auto item = html.open("li");
    StatusRoute route;
    route.view = view;
    const std::string path = link_to(overview, route);
    if (head.here == view) {
      html.leaf("a", {{"href", path}, {"aria-current", "page"}}, words);
    } else {
      html.leaf("a", {{"href", path}}, words);
    }
  };
  entry(StatusView::overview, "Domains");
  entry(StatusView::probes, "Recent probes");
  entry(StatusView::checks, "Checks");
}

void write_crumbs(HtmlWriter& html, const PageHead& head) {
  if (head.crumbs.empty()) return;
  const auto navigation = html.open("nav", {{"aria-label", "Breadcrumb"}, {"class", "crumbs"}});
  const auto list = html.open("ol");
  for (const auto& crumb : head.crumbs) {
    const auto item = html.open("li");
    html.leaf("a", {{"href", crumb.path}}, crumb.words);
  }
}

void write_reload(HtmlWriter& html, const StatusOverview& overview) {
  if (overview.reload.succeeded) return;
  const auto note = html.open("div", {{"class", "banner"}});
  {
    const auto words = html.open("p");
    html.raw("<b>Reload failed, the old settings stay in use.</b> ");
    write_timestamp(html, overview.reload.at, overview.now);
  }
  const auto list = html.open("ul");
  for (const auto& error : overview.reload.errors) {
    const auto item = html.open("li");
    html.leaf("code", error);
  }
}

void write_interception(HtmlWriter& html, const StatusOverview& overview) {
  if (!overview.path_intercepted) return;
  const auto note = html.open("p", {{"class", "banner"}});
  html.raw(
      "<b>Something on this network answers in place of the nameservers; the public sees other "
      "answers.</b> ");
  html.raw(
      "Fix the network of this machine before you act on any finding: disable what answers DNS in place of "
      "the nameservers, or run dkimprobe elsewhere.");
}

void write_footer(HtmlWriter& html, const StatusOverview& overview, const PageHead& head) {
  const auto footer = html.open("footer");
  {
    const auto words = html.open("p");
    html.raw("As of ");
    write_timestamp(html, overview.now);
    html.text(fmt::format(", dkimprobe {}", overview.version));
  }
  if (head.json_path.empty()) return;
  const auto words = html.open("p");
  html.leaf("a", {{"href", head.json_path}}, "This page as JSON");
}

}  // namespace

std::string framed(const StatusOverview& overview, const PageHead& head,
                   const std::function<void(HtmlWriter&)>& body) {
  HtmlWriter html;
  html.raw("<!DOCTYPE html>\n");
  {
    const auto document = html.open("html", {{"lang", "en"}});
    {
      const auto about = html.open("head");
      html.empty("meta", {{"charset", "utf-8"}});
      html.empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
      html.empty("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
      html.leaf("title", fmt::format("{} - dkimprobe", head.title));
      html.empty("link", {{"rel", "icon"}, {"href", "data:,"}});
      html.empty("link", {{"rel", "stylesheet"},
                          {"href", fmt::format("{}{}", overview.path_prefix, stylesheet_path)}});
    }
    const auto visible = html.open("body");
    html.leaf("a", {{"class", "skip"}, {"href", "#main"}}, "Skip to content");
    {
      const auto header = html.open("header");
      html.leaf("a", {{"class", "brand"}, {"href", link_to(overview, {})}}, "dkimprobe");
      write_navigation(html, overview, head);
    }
    {
      const auto main = html.open("main", {{"id", "main"}, {"tabindex", "-1"}});
      write_crumbs(html, head);
      write_interception(html, overview);
      write_reload(html, overview);
      body(html);
    }
    write_footer(html, overview, head);
  }
  html.raw("\n");
  return html.take();
}

std::string link_to(const StatusOverview& overview, const StatusRoute& route) {
  return overview.path_prefix + to_path(route);
}

std::string link_to_domain(const StatusOverview& overview, const config::DomainName& domain) {
  StatusRoute route;
  route.view = StatusView::domain;
  route.domain = domain;
  return link_to(overview, route);
}

std::string link_to_selector(const StatusOverview& overview, const config::DomainName& domain,
                             const config::Selector& selector) {
  StatusRoute route;
  route.view = StatusView::selector;
  route.domain = domain;
  route.selector = selector;
  return link_to(overview, route);
}

void write_status(HtmlWriter& html, Status status) {
  const auto word = checks::to_string(status);
  switch (status) {
    case Status::ok:
      return write_badge(html, ok_sign, word);
    case Status::warning:
      return write_badge(html, warning_sign, word);
    case Status::critical:
      return write_badge(html, critical_sign, word);
    case Status::unknown:
      return write_badge(html, unknown_sign, word);
  }
}

void write_severity(HtmlWriter& html, Severity severity) {
  const auto word = checks::to_string(severity);
  switch (severity) {
    case Severity::notice:
      return write_badge(html, notice_sign, word);
    case Severity::warning:
      return write_badge(html, warning_sign, word);
    case Severity::critical:
      return write_badge(html, critical_sign, word);
  }
}

void write_timestamp(HtmlWriter& html, probe::WallTime time) {
  html.leaf("time", {{"datetime", checks::iso_time(time)}}, checks::time_text(time));
}

void write_timestamp(HtmlWriter& html, probe::WallTime time, probe::WallTime now) {
  write_timestamp(html, time);
  html.leaf("span", {{"class", "quiet"}}, fmt::format(" ({})", checks::distance_text(time, now)));
}

void write_distance(HtmlWriter& html, probe::WallTime time, probe::WallTime now) {
  html.leaf("time", {{"datetime", checks::iso_time(time)}, {"title", checks::time_text(time)}},
            checks::distance_text(time, now));
}

void write_next_probe(HtmlWriter& html, probe::WallTime time, probe::WallTime now) {
  const bool overdue = time <= now;
  html.raw(overdue ? Markup("next probe overdue by ") : Markup("next probe in "));
  html.leaf("time", {{"datetime", checks::iso_time(time)}, {"title", checks::time_text(time)}},
            overdue ? checks::elapsed_text(now - time) : checks::wait_text(time - now));
}

void write_labels(HtmlWriter& html, const StatusSelector& selector, probe::WallTime now) {
  if (selector.role != config::Role::active) {
    html.raw(" ");
    html.leaf("span", {{"class", "mark"}}, config::to_string(selector.role));
  }
  if (selector.confirming) {
    html.raw(" ");
    html.leaf("span", {{"class", "mark"}}, "a change is being confirmed");
  }
  if (is_in_maintenance(selector, now)) {
    html.raw(" ");
    const auto mark = html.open("span", {{"class", "mark"}});
    html.raw("maintenance until ");
    write_timestamp(html, selector.maintenance->until, now);
    html.raw(": ");
    html.foreign(selector.maintenance->reason, longest_reason);
  }
}

void write_column_heads(HtmlWriter& html, std::initializer_list<std::string_view> names) {
  const auto head = html.open("thead", {{"role", "rowgroup"}});
  const auto row = html.open("tr", {{"role", "row"}});
  for (const auto name : names) html.leaf("th", {{"scope", "col"}, {"role", "columnheader"}}, name);
}

void write_fact(HtmlWriter& html, std::string_view name, std::string_view value) {
  html.leaf("dt", name);
  html.leaf("dd", value);
}

config::EscapedText headline_of(const StatusSelector& selector) {
  if (!selector.report) return "not probed yet";
  return selector.report->headline.empty() ? "nothing to report" : selector.report->headline;
}

bool is_in_maintenance(const StatusSelector& selector, probe::WallTime now) {
  return selector.maintenance && now < selector.maintenance->until;
}

}  // namespace dkimprobe::exporters
