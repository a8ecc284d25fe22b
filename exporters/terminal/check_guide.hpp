// The catalogue of checks for people: one check explained, the list of all, and the Markdown of
// checks/README.md. All of it is made from the rows; it knows no report.
#pragma once

#include <cstddef>
#include <string>

#include "checks/catalogue/catalogue.hpp"

namespace dkimprobe::exporters {

/// What the fault is, what it does to mail, how to mend it, an example, severity and reference.
[[nodiscard]] std::string explain_check(const checks::Check& check, std::size_t columns);

/// A line for each row, grouped by what the checks look at.
[[nodiscard]] std::string list_checks(std::size_t columns);

/// The whole of checks/README.md.
[[nodiscard]] std::string catalogue_markdown();

}  // namespace dkimprobe::exporters
