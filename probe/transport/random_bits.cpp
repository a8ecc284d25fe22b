#include "probe/transport/random_bits.hpp"

#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace dkimprobe::probe {

void RandomBits::refill() {
  auto* bytes = reinterpret_cast<unsigned char*>(pool_.data());
  std::size_t filled = 0;
  while (filled < sizeof pool_) {
    const ssize_t got = getrandom(bytes + filled, sizeof pool_ - filled, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw std::system_error(errno, std::generic_category(), "getrandom");
    filled += static_cast<std::size_t>(got);
  }
  left_ = pool_.size();
}

std::uint16_t RandomBits::bits16() {
  if (left_ == 0) refill();
  return pool_[--left_];
}

std::uint64_t RandomBits::bits64() {
  std::uint64_t bits = 0;
  for (int i = 0; i < 4; ++i) bits = bits << 16U | bits16();
  return bits;
}

std::uint32_t RandomBits::below(std::uint32_t limit) {
  // Draw again for numbers in the last, incomplete multiple of `limit`: they would bias the result.
  const std::uint32_t fair = 65536U / limit * limit;
  std::uint32_t drawn = bits16();
  while (drawn >= fair) drawn = bits16();
  return drawn % limit;
}

std::string RandomBits::label(std::size_t length) {
  constexpr char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string text;
  for (std::size_t i = 0; i < length; ++i) text.push_back(alphabet[below(36)]);
  return text;
}

}  // namespace dkimprobe::probe
