// The catalogue of checks for people: one check explained, the list of all, and the Markdown of
// checks/README.md, all generated from the rows. The status page shows the same.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "checks/catalogue/catalogue.hpp"

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

/// A line for each row, grouped by scope.
[[nodiscard]] std::string list_checks(std::size_t columns);

/// The whole of checks/README.md.
[[nodiscard]] std::string catalogue_markdown();

}  // namespace dkimprobe::exporters
