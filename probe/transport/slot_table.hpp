// Finds the exchange that a datagram belongs to: an open-addressed table from (socket, message id) to slot
// number. It does not allocate once it has grown to its working size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace dkimprobe::probe {

class SlotTable {
 public:
  SlotTable() : entries_(64) {}

  [[nodiscard]] std::optional<std::uint32_t> find(std::uint32_t socket, std::uint16_t id) const {
    const std::uint64_t key = key_of(socket, id);
    for (std::size_t at = home(key); entries_[at].key != 0; at = next(at)) {
      if (entries_[at].key == key) return entries_[at].slot;
    }
    return std::nullopt;
  }

  /// The pair must not be in the table.
  void insert(std::uint32_t socket, std::uint16_t id, std::uint32_t slot) {
    if ((size_ + 1) * 2 > entries_.size()) grow();
    put({key_of(socket, id), slot});
    ++size_;
  }

  void erase(std::uint32_t socket, std::uint16_t id) {
    const std::uint64_t key = key_of(socket, id);
    std::size_t at = home(key);
    while (entries_[at].key != key) {
      if (entries_[at].key == 0) return;
      at = next(at);
    }
    --size_;
    // Entries behind the hole that are not at their home position move up, so that no search stops too early.
    std::size_t hole = at;
    for (at = next(hole); entries_[at].key != 0; at = next(at)) {
      const std::size_t wanted = home(entries_[at].key);
      if (((at - wanted) & mask()) < ((at - hole) & mask())) continue;
      entries_[hole] = entries_[at];
      hole = at;
    }
    entries_[hole] = {};
  }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Entry {
    std::uint64_t key = 0;  ///< 0 means empty
    std::uint32_t slot = 0;
  };

  static std::uint64_t key_of(std::uint32_t socket, std::uint16_t id) {
    return (std::uint64_t{socket} << 16U | id) + 1;
  }
  [[nodiscard]] std::size_t mask() const { return entries_.size() - 1; }
  // Ids are already random; the factor spreads the sockets.
  [[nodiscard]] std::size_t home(std::uint64_t key) const {
    return (key * 0x9e3779b97f4a7c15ULL >> 20U) & mask();
  }
  [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & mask(); }

  void put(Entry entry) {
    std::size_t at = home(entry.key);
    while (entries_[at].key != 0) at = next(at);
    entries_[at] = entry;
  }

  void grow() {
    std::vector<Entry> old(entries_.size() * 2);
    old.swap(entries_);
    for (const Entry& entry : old) {
      if (entry.key != 0) put(entry);
    }
  }

  std::vector<Entry> entries_;
  std::size_t size_ = 0;
};

}  // namespace dkimprobe::probe
