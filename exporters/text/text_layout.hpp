// Wraps text to a given width. Widths count characters, each of which takes one column: foreign text must
// already be escaped to ASCII.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dkimprobe::exporters {

/// Characters of UTF-8 text.
[[nodiscard]] std::size_t text_width(std::string_view text);

/// Lines of at most `width` characters, broken at spaces. A wider word is broken after one of `.,;:`, or
/// anywhere if it has none. At least one line, which may be empty.
[[nodiscard]] std::vector<std::string> wrap_text(std::string_view text, std::size_t width);

/// Wrapped text, each line with a line feed: the first begins with `first`, the others with `indent` spaces.
[[nodiscard]] std::string hanging_text(std::string first, std::size_t indent, std::string_view text,
                                       std::size_t columns);

/// `text` with spaces after it up to `width` characters, or before it.
[[nodiscard]] std::string pad_right(std::string text, std::size_t width);
[[nodiscard]] std::string pad_left(std::string text, std::size_t width);

/// With ASCII letters in upper case.
[[nodiscard]] std::string upper_case(std::string_view word);

/// "1 server", "3 servers": for nouns with a plural in -s.
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view one);

}  // namespace dkimprobe::exporters
