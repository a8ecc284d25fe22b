// `Result<T>` is a value or a list of all errors that the operator made. Faults on the network are never
// reported through this type.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace dkimprobe::config {

/// `where` is the place as the operator knows it (a file with line and column, an option, an argument);
/// `message` says what is wrong and what was expected.
struct Error {
  std::string where{};
  std::string message{};

  friend bool operator==(const Error&, const Error&) = default;
};

using Errors = std::vector<Error>;

/// Maximum errors shown per file; after fixing those, the operator can run the command again.
inline constexpr std::size_t most_errors = 100;

template <class T>
using Result = tl::expected<T, Errors>;

[[nodiscard]] inline tl::unexpected<Errors> failure(std::string where, std::string message) {
  return tl::unexpected<Errors>(Errors{Error{std::move(where), std::move(message)}});
}

/// The same result; an error without a place gets this one.
template <class T>
[[nodiscard]] Result<T> with_place(Result<T> result, std::string_view where) {
  if (!result && result.error().front().where.empty()) result.error().front().where = where;
  return result;
}

}  // namespace dkimprobe::config
