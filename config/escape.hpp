// The one way in which foreign bytes become text for people, logs and JSON: printable ASCII as it is,
// a backslash as `\\`, everything else as `\xHH`.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace dkimprobe::config {

/// Escapes `bytes`; of more than `longest` of them only the first are shown, and the text then ends with
/// `... (N bytes)` where N is the true length.
[[nodiscard]] std::string escape_text(std::string_view bytes,
                                      std::size_t longest = std::numeric_limits<std::size_t>::max());

}  // namespace dkimprobe::config
