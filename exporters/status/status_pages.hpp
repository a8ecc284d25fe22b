// The pages of the status page: from plain values to HTML with inline SVG, without a script and without HTTP.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exporters/status/status_overview.hpp"
#include "exporters/status/status_route.hpp"

namespace dkimprobe::exporters {

/// What every page must be served with: no script, no frame, nothing from elsewhere.
inline constexpr std::string_view status_content_policy =
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'";

[[nodiscard]] std::string_view stylesheet();

/// The domains, the worst first, as the route filters them.
[[nodiscard]] std::string overview_page(const StatusOverview& overview, const StatusRoute& route);
[[nodiscard]] std::string domain_page(const StatusOverview& overview, const StatusDomain& domain);
[[nodiscard]] std::string selector_page(const StatusOverview& overview, const StatusDomain& domain,
                                        const StatusSelector& selector);
[[nodiscard]] std::string probes_page(const StatusOverview& overview);
/// `title` and `words` are sentences of this program.
[[nodiscard]] std::string error_page(const StatusOverview& overview, std::string_view title,
                                     std::string_view words);

/// The domains that a route of the overview asks for, the worst first; of all pages.
[[nodiscard]] std::vector<const StatusDomain*> filtered_domains(const StatusOverview& overview,
                                                                const StatusRoute& route);

}  // namespace dkimprobe::exporters
