// Base64 as keys are written in (RFC 4648 section 4). It guesses at nothing: records of strangers are read in
// `checks`, which tell each mistake.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/basics/ascii.hpp"

namespace dkimprobe::config {

/// Of the alphabet, padding left aside.
[[nodiscard]] constexpr bool is_base64_digit(char c) {
  return is_letter_or_digit(c) || c == '+' || c == '/';
}

/// Decodes `text`, between whose digits white space may stand, into `room`, which needs 3 octets for each 4
/// digits; how many octets it wrote, or nothing when the text is no base64 or the room too small.
[[nodiscard]] std::optional<std::size_t> decode_base64(std::string_view text, std::span<char> room);

[[nodiscard]] std::string encode_base64(std::string_view octets);

}  // namespace dkimprobe::config
