// Base64 (RFC 4648 section 4): strict for keys and passwords, and with every fault for published records.
#pragma once

#include <cstddef>
#include <cstdint>
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

/// What was found in a base64 text. White space is skipped (RFC 6376 section 3.6.1 allows it), URL-safe
/// characters are decoded, and other characters are skipped and counted.
struct Base64Reading {
  enum class Padding : std::uint8_t {
    right,
    missing,  ///< only the `=` at the end are missing
    cut,      ///< no `=`, and one digit too few or too many: padding cannot fix it
    wrong,    ///< `=` in the wrong number or place
  };

  std::size_t size = 0;  ///< the number of octets
  Padding padding = Padding::right;
  std::optional<std::size_t> first_space{};
  std::optional<std::size_t> first_url_safe{};
  std::optional<std::size_t> first_junk{};
  std::size_t junk_count = 0;

  /// Whether it is valid base64; white space is allowed.
  [[nodiscard]] bool strict() const { return padding == Padding::right && !first_url_safe && !first_junk; }
};

/// Decodes `text` as far as it goes into `room`. Octets that do not fit are counted, but not written.
[[nodiscard]] Base64Reading read_base64(std::string_view text, std::span<char> room);

/// Decodes `text`, which may contain white space, into `room`, which needs 3 octets for each 4 digits.
/// Returns the number of octets written, or empty if the text is not base64 or the room is too small.
[[nodiscard]] std::optional<std::size_t> decode_base64(std::string_view text, std::span<char> room);

[[nodiscard]] std::string encode_base64(std::string_view octets);

}  // namespace dkimprobe::config
