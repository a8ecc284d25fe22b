// The faults of the tags of a key record: a table, in which a row says how a fault is found, what it means to
// verifiers, and how it is described.
#pragma once

#include <vector>

#include "checks/record/key_tags.hpp"
#include "checks/record/record_fault.hpp"

namespace dkimprobe::checks {

/// In the order of the table. Offsets are those of the text that was parsed.
[[nodiscard]] std::vector<TextFault> find_tag_faults(const KeyTags& tags);

}  // namespace dkimprobe::checks
