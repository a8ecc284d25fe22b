// Counts what this test program takes from operator new, for code that promises to take nothing or little.
#pragma once

#include <cstddef>

namespace dkimprobe::tests {

struct Allocations {
  std::size_t count = 0;
  std::size_t bytes = 0;
};

/// What was allocated so far; compare two readings.
[[nodiscard]] Allocations allocations();

}  // namespace dkimprobe::tests
