// What the operator got wrong, told all at once: `Result<T>` is a value or the list of mistakes that
// stand in its way. What the network does wrong is never told through this type.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace dkimprobe::config {

/// One mistake: `where` names the place as the operator knows it (a file with line and column, an
/// option, an argument), `message` says what is wrong there and what was expected.
struct Mistake {
  std::string where{};
  std::string message{};

  friend bool operator==(const Mistake&, const Mistake&) = default;
};

using Mistakes = std::vector<Mistake>;

/// Of one file. Somebody who sees as many fixes the first ones and looks again.
inline constexpr std::size_t most_mistakes = 100;

template <class T>
using Result = tl::expected<T, Mistakes>;

[[nodiscard]] inline tl::unexpected<Mistakes> mistake(std::string where, std::string message) {
  return tl::unexpected<Mistakes>(Mistakes{Mistake{std::move(where), std::move(message)}});
}

}  // namespace dkimprobe::config
