#include "config/basics/escape.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace dkimprobe::config {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

bool is_printable(unsigned char octet) {
  return octet >= 0x20 && octet < 0x7f;
}

}  // namespace

std::string escape_text(std::string_view bytes, std::size_t longest) {
  std::string text;
  text.reserve(bytes.size() < longest ? bytes.size() : longest);
  for (const char c : bytes.substr(0, longest)) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet == '\\') {
      text += R"(\\)";
    } else if (is_printable(octet)) {
      text.push_back(c);
    } else {
      text += {'\\', 'x', hex_digits[octet >> 4U], hex_digits[octet & 0xFU]};
    }
  }
  if (bytes.size() > longest) fmt::format_to(std::back_inserter(text), "... ({} bytes)", bytes.size());
  return text;
}

std::optional<std::string> unescape_text(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    if (!is_printable(first)) return std::nullopt;
    if (first != '\\') {
      bytes.push_back(text.front());
      text.remove_prefix(1);
    } else if (text.starts_with(R"(\\)")) {
      bytes.push_back('\\');
      text.remove_prefix(2);
    } else {
      if (!text.starts_with(R"(\x)") || text.size() < 4) return std::nullopt;
      const std::size_t high = hex_digits.find(text[2]);
      const std::size_t low = hex_digits.find(text[3]);
      if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
      const auto octet = static_cast<unsigned char>(high << 4U | low);
      // Needless escapes are refused, so that each byte string has exactly one text.
      if (is_printable(octet)) return std::nullopt;
      bytes.push_back(static_cast<char>(octet));
      text.remove_prefix(4);
    }
  }
  return bytes;
}

EscapedText::EscapedText(std::string text) : text_(std::move(text)) {
  const auto is_text = [](char c) { return is_printable(static_cast<unsigned char>(c)); };
  const bool is_escaped = std::ranges::all_of(text_, is_text);
  assert(is_escaped);
  if (is_escaped) return;
  std::string safe;
  for (const char c : text_) safe += is_text(c) ? std::string(1, c) : escape_text({&c, 1});
  text_ = std::move(safe);
}

}  // namespace dkimprobe::config
