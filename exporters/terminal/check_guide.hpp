// The catalogue of checks for people: one check explained, the list of all, and the Markdown of
// checks/README.md, all generated from the rows.
#pragma once

#include <cstddef>
#include <string>

#include "checks/catalogue/catalogue.hpp"

namespace dkimprobe::exporters {

/// The fault, its effect on mail, the fix, an example, the severity and the reference.
[[nodiscard]] std::string explain_check(const checks::Check& check, std::size_t columns);

/// A line for each row, grouped by scope.
[[nodiscard]] std::string list_checks(std::size_t columns);

/// The whole of checks/README.md.
[[nodiscard]] std::string catalogue_markdown();

}  // namespace dkimprobe::exporters
