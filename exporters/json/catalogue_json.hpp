// The catalogue of checks and of verifiers as JSON, `dkimprobe.catalogue/2`, from which alerts and dashboards
// are made. For people, see check_guide.hpp.
#pragma once

#include <string>

namespace dkimprobe::exporters {

/// One object over several lines, with all checks in the order of the catalogue, and the verifiers that
/// `compatibility` of reports names by their `id`: the versions that read records alike, and whether a run of
/// one confirmed how.
[[nodiscard]] std::string catalogue_json();

}  // namespace dkimprobe::exporters
