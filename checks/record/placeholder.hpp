// What programs and templates write where they have no key.
#pragma once

#include <string_view>

namespace dkimprobe::checks {

/// Whether `value` is such a word: `undefined`, `null`, `[object Object]`, `{{ key }}`, `YOUR_PUBLIC_KEY`. A
/// real key must have been ruled out before.
[[nodiscard]] bool is_placeholder(std::string_view value);

}  // namespace dkimprobe::checks
