#include "config/basics/shell_word.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/basics/ascii.hpp"

namespace dkimprobe::config {

std::string shell_word(std::string_view text) {
  const auto is_plain = [](char c) {
    return is_letter_or_digit(c) || std::string_view(".-_/:=@,+").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return std::string(text);
  const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
  if (!std::ranges::all_of(text, is_printable)) {
    // Octal escapes, so that the command is ASCII; a word that ends in a line break would lose it.
    std::string octets;
    for (const char c : text) octets += fmt::format("\\0{:03o}", static_cast<unsigned char>(c));
    return fmt::format("\"$(printf '%b' '{}')\"", octets);
  }
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word.push_back(c);
    }
  }
  return word + "'";
}

}  // namespace dkimprobe::config
