// A rotation as JSON, `dkimprobe.rotation/3`: its steps, its faults, and the facts for monitoring. The schema
// is rotation.schema.json.
#pragma once

#include <string>

#include "checks/rotation/rotation_plan.hpp"

namespace dkimprobe::exporters {

/// One object over several lines.
[[nodiscard]] std::string rotation_json(const checks::RotationOverview& overview);
/// The same on one line, for the output of several domains.
[[nodiscard]] std::string rotation_json_line(const checks::RotationOverview& overview);

}  // namespace dkimprobe::exporters
