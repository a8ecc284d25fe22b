// Parts that all status pages share: the page frame, and how a status, a timestamp or a selector is shown.
// Nothing is conveyed by colour alone.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/basics/escape.hpp"
#include "exporters/status/html_writer.hpp"
#include "exporters/status/status_overview.hpp"
#include "exporters/status/status_route.hpp"

namespace dkimprobe::exporters {

struct Crumb {
  std::string words{};
  std::string path{};
};

struct PageHead {
  std::string title{};
  std::optional<StatusView> here{};  ///< the navigation entry of this page
  std::vector<Crumb> crumbs{};       ///< the parent pages
  std::string json_path{};           ///< path of this page as JSON; empty without one
};

/// A complete page; `body` writes its content.
[[nodiscard]] std::string framed(const StatusOverview& overview, const PageHead& head,
                                 const std::function<void(HtmlWriter&)>& body);

/// The path of a link, with the path prefix.
[[nodiscard]] std::string link_to(const StatusOverview& overview, const StatusRoute& route);
[[nodiscard]] std::string link_to_domain(const StatusOverview& overview, const config::DomainName& domain);
[[nodiscard]] std::string link_to_selector(const StatusOverview& overview, const config::DomainName& domain,
                                           const config::Selector& selector);

/// A symbol and the word.
void write_status(HtmlWriter& html, checks::Status status);
void write_severity(HtmlWriter& html, checks::Severity severity);

/// `2026-11-22 05:34:57 UTC`; the `datetime` attribute has it in ISO 8601.
void write_timestamp(HtmlWriter& html, probe::WallTime time);
/// The same, followed by its distance from now: "4 min ago", "in 3 h".
void write_timestamp(HtmlWriter& html, probe::WallTime time, probe::WallTime now);
/// Only the distance from now.
void write_distance(HtmlWriter& html, probe::WallTime time, probe::WallTime now);
/// "next probe in 3 min", "next probe overdue by 47 s".
void write_next_probe(HtmlWriter& html, probe::WallTime time, probe::WallTime now);

/// Labels of a selector besides its status: its role, a change that is being confirmed, maintenance
/// with its reason.
void write_labels(HtmlWriter& html, const StatusSelector& selector, probe::WallTime now);

/// The row of column names of a table that becomes cards on narrow windows.
void write_column_heads(HtmlWriter& html, std::initializer_list<std::string_view> names);

/// A row of a `dl` list.
void write_fact(HtmlWriter& html, std::string_view name, std::string_view value);

/// The headline of the selector's report, or a text in its place.
[[nodiscard]] config::EscapedText headline_of(const StatusSelector& selector);

[[nodiscard]] bool is_in_maintenance(const StatusSelector& selector, probe::WallTime now);

}  // namespace dkimprobe::exporters
