// A rotation for people at a terminal: the verdict, the steps as a checklist with their times and what to do,
// and what is wrong. It prints what a plan holds and decides nothing.
#pragma once

#include <string>

#include "checks/rotation_plan.hpp"
#include "exporters/report_table.hpp"

namespace dkimprobe::exporters {

/// The whole of one domain, several lines. Only lines to copy may be wider than the terminal.
[[nodiscard]] std::string rotation_text(const checks::RotationOverview& overview, const TableStyle& style);

/// The next change as a text for a shell: comments, and commands that can be pasted as they stand. Lines of
/// zone files are comments, too.
[[nodiscard]] std::string rotation_script(const checks::RotationOverview& overview, const TableStyle& style);

}  // namespace dkimprobe::exporters
