// Deadlines of many small numbered items in a timer wheel: adding and removing take a few nanoseconds
// whatever their number, and one system timer serves them all. It reads no clock.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

class DeadlineQueue {
 public:
  using Item = std::uint32_t;
  static constexpr std::chrono::milliseconds tick{1};

  explicit DeadlineQueue(MonotonicTime origin) : origin_(origin) { heads_.fill(none); }

  /// Sets the deadline of `item`, which must not have one. It expires at `deadline` or up to one tick later.
  void add(Item item, MonotonicTime deadline) {
    if (item >= entries_.size()) entries_.resize(item + 1U);
    Entry& entry = entries_[item];
    entry.tick = ticks(deadline) + 1;
    if (entry.tick <= passed_) entry.tick = passed_ + 1;
    Item& head = heads_[entry.tick % buckets];
    entry.previous = none;
    entry.next = head;
    entry.queued = true;
    if (head != none) entries_[head].previous = item;
    head = item;
    set_bit(entry.tick % buckets);
    ++size_;
  }

  /// Removes the deadline of `item`; does nothing when it has none.
  void remove(Item item) {
    if (item >= entries_.size() || !entries_[item].queued) return;
    Entry& entry = entries_[item];
    const std::size_t bucket = entry.tick % buckets;
    (entry.previous == none ? heads_[bucket] : entries_[entry.previous].next) = entry.next;
    if (entry.next != none) entries_[entry.next].previous = entry.previous;
    if (heads_[bucket] == none) clear_bit(bucket);
    entry.queued = false;
    --size_;
  }

  /// Removes the items whose deadline has passed and appends them to `expired`, bucket by bucket.
  void expire(MonotonicTime now, std::vector<Item>& expired) {
    const std::uint64_t until = ticks(now);
    if (until <= passed_) return;
    // After a long pause, visit each bucket once, not once for each turn of the wheel.
    const std::uint64_t steps = until - passed_ < buckets ? until - passed_ : buckets;
    const std::uint64_t first = until - steps + 1;
    passed_ = until;
    for (std::uint64_t at = first; at <= until && size_ > 0; ++at) {
      for (Item item = heads_[at % buckets]; item != none;) {
        const Item next = entries_[item].next;
        if (entries_[item].tick <= until) {
          remove(item);
          expired.push_back(item);
        }
        item = next;
      }
    }
  }

  /// When to call `expire` next: at most one tick after the earliest deadline; nothing when empty.
  [[nodiscard]] std::optional<MonotonicTime> next() const {
    if (size_ == 0) return std::nullopt;
    std::uint64_t ahead = 1;
    while (ahead <= buckets) {
      const std::size_t bucket = (passed_ + ahead) % buckets;
      const std::uint64_t word = occupied_[bucket / 64] >> (bucket % 64);
      if (word != 0) {
        ahead += static_cast<std::uint64_t>(std::countr_zero(word));
        break;
      }
      ahead += 64 - bucket % 64;
    }
    return origin_ + tick * static_cast<std::int64_t>(passed_ + ahead);
  }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t buckets = 1024;
  static constexpr Item none = 0xffffffff;
  struct Entry {
    std::uint64_t tick = 0;
    Item previous = none;
    Item next = none;
    bool queued = false;
  };

  [[nodiscard]] std::uint64_t ticks(MonotonicTime time) const {
    return time <= origin_ ? 0 : static_cast<std::uint64_t>((time - origin_) / tick);
  }
  void set_bit(std::size_t bucket) { occupied_[bucket / 64] |= std::uint64_t{1} << (bucket % 64); }
  void clear_bit(std::size_t bucket) { occupied_[bucket / 64] &= ~(std::uint64_t{1} << (bucket % 64)); }

  MonotonicTime origin_;
  std::uint64_t passed_ = 0;  ///< the last tick whose items have expired
  std::size_t size_ = 0;
  std::vector<Entry> entries_{};
  std::array<Item, buckets> heads_{};
  std::array<std::uint64_t, buckets / 64> occupied_{};
};

}  // namespace dkimprobe::probe
