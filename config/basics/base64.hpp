// Strict base64 as used for keys (RFC 4648 section 4). Published records are parsed in `checks`, which report
// each error.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/basics/ascii.hpp"

namespace dkimprobe::config {

/// Whether `c` is in the alphabet; padding is not.
[[nodiscard]] constexpr bool is_base64_digit(char c) {
  return is_letter_or_digit(c) || c == '+' || c == '/';
}

/// Decodes `text`, which may contain white space, into `room`, which needs 3 octets for each 4 digits.
/// Returns the number of octets written, or empty if the text is not base64 or the room is too small.
[[nodiscard]] std::optional<std::size_t> decode_base64(std::string_view text, std::span<char> room);

[[nodiscard]] std::string encode_base64(std::string_view octets);

}  // namespace dkimprobe::config
