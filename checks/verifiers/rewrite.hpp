// The smallest rewrite of a key record that all known verifiers accept.
#pragma once

#include <string>

#include "checks/record/key_record.hpp"

namespace dkimprobe::checks {

/// The record with the tags in their order and as few of them changed or left out as possible. Empty if no
/// rewrite helps: the record has no public key, one that some verifiers refuse in any record, or one that
/// must not be published again.
[[nodiscard]] std::string rewrite_for_all(const KeyRecord& record);

}  // namespace dkimprobe::checks
