// The only way in which foreign bytes become text for people, logs and JSON: printable ASCII as it is, a
// backslash as
// `\\`, everything else as `\xHH`.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace dkimprobe::config {

/// Escapes `bytes`. If there are more than `longest`, only those are shown, followed by `... (N bytes)` with
/// the true length N.
[[nodiscard]] std::string escape_text(std::string_view bytes,
                                      std::size_t longest = std::numeric_limits<std::size_t>::max());

/// The inverse of `escape_text`; empty if `text` does not have that form. Each byte string has exactly one
/// text.
[[nodiscard]] std::optional<std::string> unescape_text(std::string_view text);

}  // namespace dkimprobe::config
