#include "checks/weakness/octet_pattern.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace dkimprobe::checks {

namespace {

constexpr std::size_t fewest_zeros = 8;
constexpr std::size_t fewest_repeated = 12;
constexpr std::size_t sample = fewest_repeated / 2;
constexpr std::size_t longest_distance = 64;
constexpr double largest_deviation = 7;  // in standard deviations

bool has_zeros(std::string_view octets, std::size_t first, std::size_t distance) {
  for (std::size_t i = first; i < octets.size(); i += distance) {
    if (octets[i] != '\0') return false;
  }
  return true;
}

}  // namespace

std::optional<std::size_t> find_zero_octets(std::string_view octets) {
  const std::string_view half = octets.substr(octets.size() / 2);
  for (std::size_t distance = 2; distance * fewest_zeros <= half.size(); ++distance) {
    for (std::size_t first = 0; first < distance; ++first) {
      if (has_zeros(half, first, distance)) return distance;
    }
  }
  return std::nullopt;
}

std::optional<RepeatedOctets> find_repeated_octets(std::string_view octets) {
  RepeatedOctets longest;
  for (std::size_t distance = 1; distance <= longest_distance; ++distance) {
    const auto repeats = [&](std::size_t i) { return octets[i] == octets[i - distance]; };
    // A sequence that is long enough covers two of these places.
    for (std::size_t i = distance; i + sample < octets.size(); i += sample) {
      if (!repeats(i) || !repeats(i + sample)) continue;
      std::size_t begin = i;
      while (begin > distance && repeats(begin - 1)) --begin;
      std::size_t end = i;
      while (end < octets.size() && repeats(end)) ++end;
      const std::size_t length = end - begin + distance;
      if (end - begin >= fewest_repeated && length > longest.length)
        longest = {begin - distance, length, distance};
      i = end;
    }
  }
  return longest.length == 0 ? std::nullopt : std::optional(longest);
}

std::optional<BitCount> find_bit_bias(std::string_view octets) {
  if (octets.empty()) return std::nullopt;
  BitCount count;
  for (const char c : octets)
    count.ones += static_cast<std::size_t>(std::popcount(static_cast<unsigned char>(c)));
  count.bits = (octets.size() - 1) * 8 +
               static_cast<std::size_t>(std::bit_width(static_cast<unsigned char>(octets.front())));
  const auto bits = static_cast<double>(count.bits);
  const double deviation = std::abs(static_cast<double>(count.ones) - bits / 2) / (std::sqrt(bits) / 2);
  return deviation > largest_deviation ? std::optional(count) : std::nullopt;
}

}  // namespace dkimprobe::checks
