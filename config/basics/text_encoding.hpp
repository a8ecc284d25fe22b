// How a text file shows that it is not plain octets of ASCII or UTF-8: the marks that editors and shells put
// before it.
#pragma once

#include <string_view>

namespace dkimprobe::config {

inline constexpr std::string_view utf8_mark = "\xef\xbb\xbf";
inline constexpr std::string_view utf16_little_mark = "\xff\xfe";
inline constexpr std::string_view utf16_big_mark = "\xfe\xff";

/// Without the byte order mark that editors on Windows put before UTF-8.
[[nodiscard]] constexpr std::string_view without_utf8_mark(std::string_view text) {
  if (text.starts_with(utf8_mark)) text.remove_prefix(utf8_mark.size());
  return text;
}

/// A mark, or a NUL octet beside one of the first two characters.
[[nodiscard]] constexpr bool begins_as_utf16(std::string_view text) {
  return text.starts_with(utf16_little_mark) || text.starts_with(utf16_big_mark) ||
         text.substr(0, 4).find('\0') != std::string_view::npos;
}

}  // namespace dkimprobe::config
