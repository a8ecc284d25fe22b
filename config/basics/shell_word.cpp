#include "config/basics/shell_word.hpp"

#include <algorithm>

#include "config/basics/ascii.hpp"

namespace dkimprobe::config {

std::string shell_word(std::string_view text) {
  const auto plain = [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_' || c == '/';
  };
  if (!text.empty() && std::ranges::all_of(text, plain)) return std::string(text);
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
