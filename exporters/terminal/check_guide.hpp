// What people look up by name: checks, faults of a rotation, reasons for its times, and caveats. Everything
// is made from the rows of their tables, as is the Markdown of checks/README.md.
#pragma once

#include <cstddef>
#include <string>

#include "checks/catalogue/catalogue.hpp"
#include "checks/report/reasons.hpp"
#include "checks/rotation/rotation_faults.hpp"

namespace dkimprobe::exporters {

/// The fault, its effect on mail, the fix, an example, the severity and the reference.
[[nodiscard]] std::string explain_check(const checks::Check& check, std::size_t columns);

/// The fault, its effect, the fix, the severity and the alert.
[[nodiscard]] std::string explain_fault(const checks::RotationFaultRow& fault, std::size_t columns);

/// The meaning and the reference. The reason must not be a finding.
[[nodiscard]] std::string explain_reason(const checks::ReasonRow& reason, std::size_t columns);

/// What no probe can know, and why.
[[nodiscard]] std::string explain_caveats(std::size_t columns);

/// A line for each name that can be explained: checks by scope, then the others.
[[nodiscard]] std::string list_names(std::size_t columns);

/// The whole of checks/README.md.
[[nodiscard]] std::string catalogue_markdown();

}  // namespace dkimprobe::exporters
