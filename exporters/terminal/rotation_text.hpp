// A rotation for people at a terminal: the verdict, the steps as a checklist with their times and what to do,
// and what is wrong. It prints what a plan holds and decides nothing.
#pragma once

#include <string>
#include <string_view>

#include "checks/rotation/rotation_plan.hpp"
#include "exporters/terminal/report_table.hpp"

namespace dkimprobe::exporters {

/// "Change from s1 to s2".
[[nodiscard]] std::string rotation_change_title(const checks::RotationChange& change);
/// "1 Choose a selector".
[[nodiscard]] std::string_view rotation_step_title(checks::RotationStep step);

/// The whole of one domain, several lines. Only lines to copy may be wider than the terminal.
[[nodiscard]] std::string rotation_text(const checks::RotationOverview& overview, const TableStyle& style);

/// The next change as a text for a shell: comments, and commands that can be pasted as they stand. Lines of
/// zone files are comments, too.
[[nodiscard]] std::string rotation_script(const checks::RotationOverview& overview, const TableStyle& style);

}  // namespace dkimprobe::exporters
