// The words for enumerators in reports, JSON and metrics.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace dkimprobe::checks {

/// The word for `value`, of words in the order of the enumerators up to `last`; empty for a value beyond.
template <auto last, class... Words>
[[nodiscard]] constexpr std::string_view word_of(decltype(last) value, Words... words) {
  constexpr std::size_t count = static_cast<std::size_t>(last) + 1;
  static_assert(sizeof...(words) == count);
  const std::array<std::string_view, count> list{words...};
  const auto at = static_cast<std::size_t>(value);
  return at < count ? list[at] : std::string_view();
}

}  // namespace dkimprobe::checks
