// What the pages of the status page tell, as JSON for programs. Reports and histories have the shape that
// they have everywhere else.
#pragma once

#include <string>
#include <string_view>

#include "exporters/status/status_overview.hpp"
#include "exporters/status/status_route.hpp"

namespace dkimprobe::exporters {

/// One object of the schema `dkimprobe.status/2` with a line for each selector; all domains that the route
/// asks for, the worst first, whatever page it names.
[[nodiscard]] std::string overview_json(const StatusOverview& overview, const StatusRoute& route);
/// One object of the schema `dkimprobe.status-domain/2`: the reports of all selectors.
[[nodiscard]] std::string domain_json(const StatusOverview& overview, const StatusDomain& domain);
/// One object of the schema `dkimprobe.status-selector/2`: its report, rotation times and history.
[[nodiscard]] std::string selector_json(const StatusOverview& overview, const StatusDomain& domain,
                                        const StatusSelector& selector);
/// One object of the schema `dkimprobe.status-probes/2`.
[[nodiscard]] std::string probes_json(const StatusOverview& overview);
/// One object of the schema `dkimprobe.status-error/2`.
[[nodiscard]] std::string error_json(std::string_view title, std::string_view words);

}  // namespace dkimprobe::exporters
