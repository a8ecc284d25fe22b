// Describes the damage to a text and the faults of its list of tags, each with its effect on the tags and a
// remedy. A remedy that is followed literally must give a good record.
#pragma once

#include <vector>

#include "checks/record/record_fault.hpp"
#include "checks/record/tag_list.hpp"
#include "checks/record/text_damage.hpp"

namespace dkimprobe::checks {

/// Offsets are those of the text as published.
[[nodiscard]] std::vector<TextFault> advise_on_damage(const CleanText& clean);

/// Offsets are those of the cleaned text.
[[nodiscard]] std::vector<TextFault> advise_on_syntax(const TagList& list);

}  // namespace dkimprobe::checks
