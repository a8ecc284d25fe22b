// Random draws from a single seed, so that a failing case can be repeated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace dkimprobe::tests {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return engine_() % bound; }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <class T>
  const T& of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace dkimprobe::tests
