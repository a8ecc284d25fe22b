// The message ids that one UDP socket has used, and whether their answers came. No id is used twice on a
// socket, so an answer that comes late is always known as such.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dkimprobe::probe {

class UsedIds {
 public:
  enum class Use : std::uint8_t { never, unanswered, answered };

  UsedIds() : uses_(65'536 / ids_an_octet) {}

  [[nodiscard]] Use operator[](std::uint16_t id) const {
    return static_cast<Use>(uses_[id / ids_an_octet] >> shift(id) & 3U);
  }
  void set(std::uint16_t id, Use use) {
    std::uint8_t& octet = uses_[id / ids_an_octet];
    octet = static_cast<std::uint8_t>((octet & ~(3U << shift(id))) | unsigned{static_cast<std::uint8_t>(use)}
                                                                         << shift(id));
  }

 private:
  static constexpr std::size_t ids_an_octet = 4;
  static unsigned shift(std::uint16_t id) { return id % ids_an_octet * 2U; }
  std::vector<std::uint8_t> uses_;
};

}  // namespace dkimprobe::probe
