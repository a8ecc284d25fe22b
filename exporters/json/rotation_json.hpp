// A rotation as JSON, `dkimprobe.rotation/2`: the checklist, what is wrong, and the facts by which it is
// watched. rotation.schema.json describes it.
#pragma once

#include <string>

#include "checks/rotation/rotation_plan.hpp"

namespace dkimprobe::exporters {

/// One object over several lines.
[[nodiscard]] std::string rotation_json(const checks::RotationOverview& overview);
/// The same on one line, for one domain among several.
[[nodiscard]] std::string rotation_json_line(const checks::RotationOverview& overview);

}  // namespace dkimprobe::exporters
