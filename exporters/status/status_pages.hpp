// The pages of the status page: renders plain values as HTML with inline SVG, without scripts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exporters/status/status_overview.hpp"
#include "exporters/status/status_route.hpp"

namespace dkimprobe::exporters {

/// The Content-Security-Policy of every page: no scripts, no frames, nothing from other hosts.
inline constexpr std::string_view status_content_policy =
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'";

[[nodiscard]] std::string_view stylesheet();

/// The domains that match the filters of the route, worst first.
[[nodiscard]] std::string overview_page(const StatusOverview& overview, const StatusRoute& route);
[[nodiscard]] std::string domain_page(const StatusOverview& overview, const StatusDomain& domain);
[[nodiscard]] std::string selector_page(const StatusOverview& overview, const StatusDomain& domain,
                                        const StatusSelector& selector);
[[nodiscard]] std::string probes_page(const StatusOverview& overview);
/// The guide to the checks. The name of each is the id of its heading, to which alerts link.
[[nodiscard]] std::string checks_page(const StatusOverview& overview);
[[nodiscard]] std::string error_page(const StatusOverview& overview, std::string_view title,
                                     std::string_view words);

/// The domains that match the filters of an overview route, worst first; those of all its pages.
[[nodiscard]] std::vector<const StatusDomain*> filtered_domains(const StatusOverview& overview,
                                                                const StatusRoute& route);

}  // namespace dkimprobe::exporters
