// A rotation as terminal text: the verdict, the faults, and the steps as a checklist with their times and
// actions. It prints the plan and decides nothing.
#pragma once

#include <string>
#include <string_view>

#include "checks/rotation/rotation_plan.hpp"
#include "exporters/terminal/report_table.hpp"

namespace dkimprobe::exporters {

/// "Change from s1 to s2".
[[nodiscard]] std::string rotation_change_title(const checks::RotationChange& change);
/// "1 Choose a selector".
[[nodiscard]] std::string_view rotation_step_title(checks::RotationStep step, bool emergency);

/// The full text for one domain. Only lines to copy may be wider than the terminal.
[[nodiscard]] std::string rotation_text(const checks::RotationOverview& overview, const TableStyle& style);

/// The next change as text for a shell: comments, and commands that can be pasted as they are. Lines of zone
/// files are comments too.
[[nodiscard]] std::string rotation_script(const checks::RotationOverview& overview, const TableStyle& style);

}  // namespace dkimprobe::exporters
