// What every reader of DNS messages needs (RFC 1035 section 4): functions for numbers in network byte order,
// without bounds checks, and the constants of the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dkimprobe::probe {

using Bytes = std::span<const std::uint8_t>;

inline constexpr std::size_t header_bytes = 12;
inline constexpr std::uint16_t class_in = 1;
inline constexpr std::uint16_t nsid_option = 3;     ///< RFC 5001
inline constexpr std::uint16_t cookie_option = 10;  ///< RFC 7873

[[nodiscard]] constexpr std::uint16_t u16(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

[[nodiscard]] constexpr std::uint32_t u32(Bytes bytes, std::size_t at) {
  return static_cast<std::uint32_t>(u16(bytes, at)) << 16 | u16(bytes, at + 2);
}

/// Names are compared case-insensitively in ASCII (RFC 1035 section 2.3.3).
[[nodiscard]] constexpr std::uint8_t to_lower(std::uint8_t octet) {
  return octet >= 'A' && octet <= 'Z' ? static_cast<std::uint8_t>(octet - 'A' + 'a') : octet;
}

}  // namespace dkimprobe::probe
