// The status of a report, and the one clause that gives the reason for it.
#pragma once

#include <string>

#include "checks/catalogue/evidence.hpp"

namespace dkimprobe::checks {

/// What the report's findings alone show; never unknown.
[[nodiscard]] Status status_of(const Report& report);

/// The same with what the answers do not show; `report` has its servers too.
[[nodiscard]] Status status_of(const Report& report, const ChainAnswers& answers);

/// The summary of the worst finding, and how many other checks found something as bad. There must be one.
[[nodiscard]] std::string headline_of_findings(const Report& report);

/// `report` has its status too; `text` is the text that it describes, or null.
[[nodiscard]] std::string headline_of(const Report& report, const Evidence& evidence, const ReadText* text);

}  // namespace dkimprobe::checks
