// Patterns in the octets of a number, which random prime factors leave with a chance below 1 in 10^11.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace dkimprobe::checks {

/// The distance between zero octets if the lower half of the number has a zero at each such place, as in a
/// polynomial with small coefficients; otherwise nothing. The upper half may have none, because keys begin
/// with bits that are set. `octets` is big-endian.
[[nodiscard]] std::optional<std::size_t> find_zero_octets(std::string_view octets);

struct RepeatedOctets {
  std::size_t offset = 0;    ///< of the first octet
  std::size_t length = 0;    ///< of the sequence with its repetitions
  std::size_t distance = 0;  ///< from an octet to its repetition
};

/// The longest sequence that repeats at one distance; nothing if it may be chance.
[[nodiscard]] std::optional<RepeatedOctets> find_repeated_octets(std::string_view octets);

struct BitCount {
  std::size_t ones = 0;
  std::size_t bits = 0;
};

/// The bits of a number of `octets` if they are not balanced; otherwise nothing.
[[nodiscard]] std::optional<BitCount> find_bit_bias(std::string_view octets);

}  // namespace dkimprobe::checks
