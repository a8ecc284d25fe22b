#include "config/basics/base64.hpp"

#include <array>

namespace dkimprobe::config {
namespace {

constexpr std::string_view digits_of_base64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 64;
constexpr std::uint8_t url_safe = 128;

/// The value of each character; those of the URL-safe alphabet (RFC 4648 section 5) are marked.
constexpr std::array<std::uint8_t, 256> digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::uint8_t i = 0; i < no_digit; ++i) values[static_cast<unsigned char>(digits_of_base64[i])] = i;
  values['-'] = values['+'] | url_safe;
  values['_'] = values['/'] | url_safe;
  return values;
}();

/// The 24 bits of four characters, or nothing unless each is in the alphabet.
std::optional<std::uint32_t> read_group(std::string_view four) {
  std::uint32_t bits = 0;
  std::uint8_t any = 0;
  for (const char c : four) {
    const std::uint8_t value = digit_values[static_cast<unsigned char>(c)];
    any |= value;
    bits = bits << 6U | value;
  }
  return any < no_digit ? std::optional(bits) : std::nullopt;
}

/// Decodes the groups with which the text begins: most of a key. Returns their digits.
std::size_t read_groups(std::string_view text, std::span<char> room) {
  std::size_t digits = 0;
  for (std::size_t size = 0; text.size() - digits >= 4 && room.size() - size >= 3; digits += 4) {
    const auto group = read_group(text.substr(digits, 4));
    if (!group) break;
    for (const unsigned shift : {16U, 8U, 0U}) room[size++] = static_cast<char>(*group >> shift & 0xffU);
  }
  return digits;
}

Base64Reading::Padding padding_state(std::size_t digits, std::size_t signs) {
  const std::size_t rest = digits % 4;
  if (rest != 1 && signs == (4 - rest) % 4) return Base64Reading::Padding::right;
  if (signs > 0) return Base64Reading::Padding::wrong;
  return rest == 1 ? Base64Reading::Padding::cut : Base64Reading::Padding::missing;
}

}  // namespace

Base64Reading read_base64(std::string_view text, std::span<char> room) {
  Base64Reading reading;
  std::uint32_t bits = 0;
  std::size_t digits = read_groups(text, room);
  std::size_t signs = 0;  ///< of padding
  reading.size = digits / 4 * 3;
  for (std::size_t i = digits; i < text.size(); ++i) {
    const char c = text[i];
    const std::uint8_t value = digit_values[static_cast<unsigned char>(c)];
    const auto note = [i](std::optional<std::size_t>& first) { first = first.value_or(i); };
    if (c == '=') {
      ++signs;
    } else if (is_space(c)) {
      note(reading.first_space);
    } else if (value == no_digit) {
      note(reading.first_junk);
      ++reading.junk_count;
    } else {
      if (value > url_safe) note(reading.first_url_safe);
      if (signs > 0) {  // digits after the end
        reading.size -= reading.size % 3;
        reading.padding = Base64Reading::Padding::wrong;
        return reading;
      }
      bits = bits << 6U | (value & 0x3fU);
      // Of four digits, each but the first completes an octet.
      if (const auto place = static_cast<unsigned>(digits++ % 4); place > 0) {
        if (reading.size < room.size())
          room[reading.size] = static_cast<char>(bits >> (6U - 2U * place) & 0xffU);
        ++reading.size;
      }
    }
  }
  reading.padding = padding_state(digits, signs);
  return reading;
}

std::optional<std::size_t> decode_base64(std::string_view text, std::span<char> room) {
  const Base64Reading reading = read_base64(text, room);
  if (!reading.strict() || reading.size > room.size()) return std::nullopt;
  return reading.size;
}

std::string encode_base64(std::string_view octets) {
  std::string text;
  for (std::size_t at = 0; at < octets.size(); at += 3) {
    const std::string_view group = octets.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8U | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text.push_back(i <= group.size() ? digits_of_base64[bits >> (18U - 6U * i) & 0x3fU] : '=');
    }
  }
  return text;
}

}  // namespace dkimprobe::config
