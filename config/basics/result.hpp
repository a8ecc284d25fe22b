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
struct Error {
  std::string where{};
  std::string message{};

  friend bool operator==(const Error&, const Error&) = default;
};

using Errors = std::vector<Error>;

/// Of one file. Somebody who sees as many fixes the first ones and looks again.
inline constexpr std::size_t most_errors = 100;

template <class T>
using Result = tl::expected<T, Errors>;

[[nodiscard]] inline tl::unexpected<Errors> failure(std::string where, std::string message) {
  return tl::unexpected<Errors>(Errors{Error{std::move(where), std::move(message)}});
}

}  // namespace dkimprobe::config
