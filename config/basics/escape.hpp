// The one way in which foreign bytes become text for people, logs and JSON: printable ASCII as it is,
// a backslash as `\\`, everything else as `\xHH`.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace dkimprobe::config {

/// Escapes `bytes`; of more than `longest` of them only the first are shown, and the text then ends with
/// `... (N bytes)` where N is the true length.
[[nodiscard]] std::string escape_text(std::string_view bytes,
                                      std::size_t longest = std::numeric_limits<std::size_t>::max());

/// The bytes that `escape_text` made `text` of; nothing when it is not of that form. Exact both ways: of one
/// string of bytes there is one text.
[[nodiscard]] std::optional<std::string> unescape_text(std::string_view text);

}  // namespace dkimprobe::config
