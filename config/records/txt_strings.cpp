#include "config/records/txt_strings.hpp"

#include <algorithm>

#include "config/basics/ascii.hpp"

namespace dkimprobe::config {
namespace {

/// The octet of the digits; empty if they are none.
std::optional<char> octet_of(std::string_view digits, Escapes escapes) {
  constexpr int highest = 255;
  const int base = escapes == Escapes::decimal ? 10 : 8;
  int octet = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit - '0' >= base) return std::nullopt;
    octet = octet * base + (digit - '0');
  }
  if (digits.size() != 3 || octet > highest) return std::nullopt;
  return static_cast<char>(octet);
}

}  // namespace

std::string unescaped(std::string_view text, Escapes escapes) {
  std::string octets;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      octets += text[at];
    } else if (const auto octet = octet_of(text.substr(at + 1, 3), escapes)) {
      octets += *octet;
      at += 3;
    } else {
      octets += text[++at];
    }
  }
  return octets;
}

std::optional<std::vector<TxtString>> split_strings(std::string_view text, Escapes escapes) {
  std::vector<TxtString> strings;
  for (std::size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    const bool is_quoted = text[at] == '"';
    if (is_quoted) ++at;
    const std::string_view ends = is_quoted ? "\"" : " \t\r\n\"";
    const std::size_t begin = at;
    while (at < text.size() && ends.find(text[at]) == std::string_view::npos) at += text[at] == '\\' ? 2 : 1;
    if (is_quoted && at >= text.size()) return std::nullopt;
    strings.push_back({unescaped(text.substr(begin, at - begin), escapes), is_quoted});
    if (is_quoted) ++at;
  }
  return strings;
}

}  // namespace dkimprobe::config
