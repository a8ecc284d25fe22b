// Words into lines of a given width, for outputs that people read. Widths count characters, of which each
// takes one column: all foreign text is escaped ASCII before it comes here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dkimprobe::exporters {

/// Characters of UTF-8 text.
[[nodiscard]] std::size_t text_width(std::string_view text);

/// Lines of at most `width` characters, broken at spaces; a word that is wider is broken after a dot or a
/// comma of it, and anywhere when it has none. At least one line, which may be empty.
[[nodiscard]] std::vector<std::string> wrap_text(std::string_view text, std::size_t width);

/// `text` with spaces after it up to `width` characters, or before it.
[[nodiscard]] std::string pad_right(std::string text, std::size_t width);
[[nodiscard]] std::string pad_left(std::string text, std::size_t width);

/// Text that is said to be escaped already, made sure of: control characters become `\xHH`.
[[nodiscard]] std::string without_controls(std::string_view text);

/// "1 server", "3 servers": for words that take an s.
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view one);

/// A TTL in the largest unit that keeps it whole: "90 s", "5 min", "24 h", "2 d".
[[nodiscard]] std::string ttl_text(std::uint32_t seconds);

}  // namespace dkimprobe::exporters
