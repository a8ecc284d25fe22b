// What programs and templates write when they have no key.
#pragma once

#include <string_view>

namespace dkimprobe::checks {

/// Whether `value` is a placeholder: `undefined`, `null`, `[object Object]`, `{{ key }}`, `YOUR_PUBLIC_KEY`.
/// The caller must have ruled out a real key.
[[nodiscard]] bool is_placeholder(std::string_view value);

}  // namespace dkimprobe::checks
