// The catalogue of checks as JSON, `dkimprobe.catalogue/2`, from which alerts and dashboards are made. For
// people, see check_guide.hpp.
#pragma once

#include <string>

namespace dkimprobe::exporters {

/// One object over several lines, with all checks in the order of the catalogue.
[[nodiscard]] std::string catalogue_json();

}  // namespace dkimprobe::exporters
