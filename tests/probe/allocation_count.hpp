// Counts the allocations of this test program, for code that must allocate nothing or little.
#pragma once

#include <cstddef>

namespace dkimprobe::tests {

struct Allocations {
  std::size_t count = 0;
  std::size_t bytes = 0;
};

/// The allocations so far; compare two readings.
[[nodiscard]] Allocations allocations();

}  // namespace dkimprobe::tests
