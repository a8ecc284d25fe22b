// The message ids that one UDP socket has used, and whether their answers arrived. No id is used twice on a
// socket, so a late answer is always recognised. Small while few ids are used: most sockets use one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace dkimprobe::probe {

class UsedIds {
 public:
  enum class Use : std::uint8_t { never, unanswered, answered };

  [[nodiscard]] Use operator[](std::uint16_t id) const {
    if (!all_.empty()) return static_cast<Use>(all_[id / ids_an_octet] >> shift(id) & 3U);
    for (const auto& [used, use] : few_) {
      if (used == id) return use;
    }
    return Use::never;
  }
  void set(std::uint16_t id, Use use) {
    if (!all_.empty()) return set_in_all(id, use);
    for (auto& [used, its_use] : few_) {
      if (used != id) continue;
      its_use = use;
      return;
    }
    few_.emplace_back(id, use);
    if (few_.size() < most_few) return;
    all_.resize(65'536 / ids_an_octet);
    for (const auto& [used, its_use] : few_) set_in_all(used, its_use);
    few_ = {};
  }

 private:
  static constexpr std::size_t ids_an_octet = 4;
  static constexpr std::size_t most_few = 16;
  static unsigned shift(std::uint16_t id) { return id % ids_an_octet * 2U; }
  void set_in_all(std::uint16_t id, Use use) {
    std::uint8_t& octet = all_[id / ids_an_octet];
    octet = static_cast<std::uint8_t>((octet & ~(3U << shift(id))) | unsigned{static_cast<std::uint8_t>(use)}
                                                                         << shift(id));
  }

  std::vector<std::pair<std::uint16_t, Use>> few_{};
  std::vector<std::uint8_t> all_{};  ///< two bits for each id; empty while `few_` suffices
};

}  // namespace dkimprobe::probe
