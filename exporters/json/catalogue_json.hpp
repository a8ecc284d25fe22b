// The catalogue of checks for programs, `dkimprobe.catalogue/2`: what alerts and dashboards are made from. It
// knows no report; for people there is check_guide.hpp.
#pragma once

#include <string>

namespace dkimprobe::exporters {

/// One object over several lines: all checks in the catalogue's order.
[[nodiscard]] std::string catalogue_json();

}  // namespace dkimprobe::exporters
