#include "checks/record/escape_sequence.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "config/basics/ascii.hpp"

namespace dkimprobe::checks {

namespace {

constexpr auto html_elements =
    std::to_array<std::string_view>({"a", "b", "br", "code", "div", "em", "font", "i", "li", "p", "pre",
                                     "span", "strong", "td", "tr", "u", "wbr"});

std::optional<EscapeSequence> stands_for(unsigned code, std::size_t size) {
  if (code >= 0x7f) return std::nullopt;
  const char c = static_cast<char>(code);
  if (config::is_space(c)) return EscapeSequence{size, {}, true};
  if (code < 0x20) return std::nullopt;
  return EscapeSequence{size, c == '"' ? std::string() : std::string(1, c), false};
}

/// `count` digits in base `base`, beginning at `first`.
std::optional<EscapeSequence> numbered(std::string_view text, std::size_t first, std::size_t count,
                                       int base) {
  if (text.size() < first + count) return std::nullopt;
  const std::string_view digits = text.substr(first, count);
  unsigned code = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return stands_for(code, first + count);
}

}  // namespace

std::optional<EscapeSequence> read_escape(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  if (text[0] == '%') return numbered(text, 1, 2, 16);
  if (text[0] != '\\') return std::nullopt;
  switch (text[1]) {
    case 'n':
    case 'r':
    case 't':
      return EscapeSequence{2, {}, true};
    case '/':
      return EscapeSequence{2, std::string(1, text[1]), false};
    case 'u':
      return numbered(text, 2, 4, 16);
    case 'x':
      return numbered(text, 2, 2, 16);
    default:
      // RFC 1035 section 5.1: `\DDD` is an octet in decimal digits.
      return numbered(text, 1, 3, 10);
  }
}

std::size_t html_element_size(std::string_view text) {
  const std::size_t end = text.find('>');
  if (!text.starts_with('<') || end == std::string_view::npos || end > 80) return 0;
  std::string_view name = text.substr(1, end - 1);
  if (name.starts_with('/')) name.remove_prefix(1);
  name = name.substr(0, name.find_first_of(" \t/"));
  return std::ranges::find(html_elements, config::lower_case(name)) == html_elements.end() ? 0 : end + 1;
}

}  // namespace dkimprobe::checks
