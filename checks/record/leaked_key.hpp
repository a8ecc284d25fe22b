// Finds a published private key, anywhere in the text and in any encoding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "checks/record/public_key.hpp"
#include "checks/record/tag_list.hpp"

namespace dkimprobe::checks {

/// `list` are the tags of `text`. The key's form is `private_key`.
[[nodiscard]] std::optional<PublicKey> find_leaked_key(std::string_view text, const TagList& list);

/// Removes `-----BEGIN ...-----` and `-----END ...-----`, with the words between the dashes; false if there
/// are none.
bool take_off_armor(std::string& value);

}  // namespace dkimprobe::checks
