// Unpredictable numbers for message ids, sockets and labels, fetched from the kernel in batches.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace dkimprobe::probe {

class RandomBits {
 public:
  [[nodiscard]] std::uint16_t bits16();
  [[nodiscard]] std::uint64_t bits64();
  /// Uniform from 0 to `limit` - 1; `limit` is from 1 to 65,536.
  [[nodiscard]] std::uint32_t below(std::uint32_t limit);
  /// `length` lower-case letters and digits.
  [[nodiscard]] std::string label(std::size_t length);

 private:
  void refill();
  std::array<std::uint16_t, 2048> pool_{};
  std::size_t left_ = 0;
};

}  // namespace dkimprobe::probe
