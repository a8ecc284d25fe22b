// Detects byte order marks, which editors and shells put at the start of a text file.
#pragma once

#include <string_view>

namespace dkimprobe::config {

inline constexpr std::string_view utf8_mark = "\xef\xbb\xbf";
inline constexpr std::string_view utf16_little_mark = "\xff\xfe";
inline constexpr std::string_view utf16_big_mark = "\xfe\xff";

/// Removes the byte order mark that editors on Windows put before UTF-8.
[[nodiscard]] constexpr std::string_view without_utf8_mark(std::string_view text) {
  if (text.starts_with(utf8_mark)) text.remove_prefix(utf8_mark.size());
  return text;
}

/// Whether the text begins with a UTF-16 byte order mark, or has a NUL octet among its first four.
[[nodiscard]] constexpr bool begins_as_utf16(std::string_view text) {
  return text.starts_with(utf16_little_mark) || text.starts_with(utf16_big_mark) ||
         text.substr(0, 4).find('\0') != std::string_view::npos;
}

}  // namespace dkimprobe::config
