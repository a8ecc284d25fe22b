// What all pages of the status page share: the frame around them, and how a status, a moment or a server is
// shown. Nothing is told by colour alone.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  std::optional<StatusView> here{};  ///< the entry of the navigation that is this page
  std::vector<Crumb> crumbs{};       ///< the pages above it
  std::string json_path{};           ///< the same as JSON; empty without it
};

/// A whole page around what `body` writes.
[[nodiscard]] std::string framed(const StatusOverview& overview, const PageHead& head,
                                 const std::function<void(HtmlWriter&)>& body);

/// A path for a link, with the prefix before it.
[[nodiscard]] std::string link_to(const StatusOverview& overview, const StatusRoute& route);
[[nodiscard]] std::string link_to_domain(const StatusOverview& overview, const config::DomainName& domain);
[[nodiscard]] std::string link_to_selector(const StatusOverview& overview, const config::DomainName& domain,
                                           const config::Selector& selector);

/// Sign and word.
void write_status(HtmlWriter& html, checks::Status status);
void write_severity(HtmlWriter& html, checks::Severity severity);

/// `2026-11-22 05:34:57 UTC`, for programs as ISO 8601.
void write_timestamp(HtmlWriter& html, probe::WallTime time);
/// The same with how far it is from now: "4 min ago", "in 3 h".
void write_timestamp(HtmlWriter& html, probe::WallTime time, probe::WallTime now);
/// Only how far it is from now.
void write_distance(HtmlWriter& html, probe::WallTime time, probe::WallTime now);

/// Marks of a selector that are no status: its role, planned work, a second look on its way.
void write_symbols(HtmlWriter& html, const StatusSelector& selector, probe::WallTime now);

/// A row of a list of facts.
void write_fact(HtmlWriter& html, std::string_view name, std::string_view value);

/// What the selector's line says.
[[nodiscard]] std::string headline_of(const StatusSelector& selector);

[[nodiscard]] bool is_in_maintenance(const StatusSelector& selector, probe::WallTime now);

}  // namespace dkimprobe::exporters
