#include "exporters/text/text_layout.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace dkimprobe::exporters {
namespace {

bool starts_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
}

/// Octets of the first `characters` characters of `text`.
std::size_t octets_of(std::string_view text, std::size_t characters) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (!starts_character(text[at])) continue;
    if (characters == 0) break;
    --characters;
  }
  return at;
}

/// Where to break a word that is wider than `width`.
std::size_t break_inside(std::string_view word, std::size_t width) {
  const std::size_t end = octets_of(word, width);
  const std::size_t mark = word.substr(0, end).find_last_of(".,;:");
  // A break near the start would leave most of the line empty.
  return mark == std::string_view::npos || mark + 1 < end / 2 ? end : mark + 1;
}

}  // namespace

std::size_t text_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::vector<std::string> wrap_text(std::string_view text, std::size_t width) {
  width = std::max<std::size_t>(width, 1);
  std::vector<std::string> lines(1);
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    if (word.empty()) continue;
    if (used > 0) {
      if (used + 1 + text_width(word) <= width) {
        lines.back() += ' ';
        ++used;
      } else {
        lines.emplace_back();
        used = 0;
      }
    }
    while (text_width(word) > width) {
      const std::size_t end = break_inside(word, width);
      lines.back() += word.substr(0, end);
      lines.emplace_back();
      word.remove_prefix(end);
    }
    lines.back() += word;
    used += text_width(word);
  }
  return lines;
}

std::string hanging_text(std::string first, std::size_t indent, std::string_view text, std::size_t columns) {
  std::string lines;
  for (const auto& part : wrap_text(text, columns - indent)) {
    lines += first + part + '\n';
    first.assign(indent, ' ');
  }
  return lines;
}

std::string pad_right(std::string text, std::size_t width) {
  const std::size_t own = text_width(text);
  if (own < width) text.append(width - own, ' ');
  return text;
}

std::string pad_left(std::string text, std::size_t width) {
  const std::size_t own = text_width(text);
  if (own < width) text.insert(0, width - own, ' ');
  return text;
}

std::string upper_case(std::string_view word) {
  std::string text(word);
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string counted(std::uint64_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

}  // namespace dkimprobe::exporters
