// The content of the status pages as JSON. Reports and histories have the same shape as in all other outputs.
#pragma once

#include <string>
#include <string_view>

#include "config/basics/escape.hpp"
#include "exporters/status/status_overview.hpp"
#include "exporters/status/status_route.hpp"

namespace dkimprobe::exporters {

/// One object of the schema `dkimprobe.status/2` with a summary of each selector. It has all domains that
/// match the filters of the route, worst first; the page number is ignored.
[[nodiscard]] std::string overview_json(const StatusOverview& overview, const StatusRoute& route);
/// One object of the schema `dkimprobe.status-domain/2` with the reports of all selectors.
[[nodiscard]] std::string domain_json(const StatusOverview& overview, const StatusDomain& domain);
/// One object of the schema `dkimprobe.status-selector/2` with the report, rotation times and history.
[[nodiscard]] std::string selector_json(const StatusOverview& overview, const StatusDomain& domain,
                                        const StatusSelector& selector);
/// One object of the schema `dkimprobe.status-probes/2`.
[[nodiscard]] std::string probes_json(const StatusOverview& overview);
/// One object of the schema `dkimprobe.status-error/2`.
[[nodiscard]] std::string error_json(const config::EscapedText& title, const config::EscapedText& words);

}  // namespace dkimprobe::exporters
