// What people look up by name: checks, faults of a rotation, reasons for its times, and caveats. Everything
// is made from the rows of their tables, as is the Markdown of checks/README.md. The status page shows the
// checks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "checks/catalogue/catalogue.hpp"
#include "checks/report/reasons.hpp"
#include "checks/rotation/rotation_faults.hpp"

namespace dkimprobe::exporters {

/// A fact about a check, such as its effect on mail.
struct GuideEntry {
  std::string_view label{};
  std::string text{};
  bool is_code = false;
};

[[nodiscard]] std::vector<GuideEntry> guide_entries(const checks::Check& check);

/// The clause of the fault as a sentence.
[[nodiscard]] std::string guide_summary(const checks::Check& check);

/// Each scope of the catalogue once, in its order.
[[nodiscard]] std::vector<checks::Scope> guide_scopes();
[[nodiscard]] std::string_view guide_heading(checks::Scope scope);

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
