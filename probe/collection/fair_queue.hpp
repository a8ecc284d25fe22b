// Decides which query to one server address is sent next. The waiting domains take turns, each with its own
// queries in order, so that no domain waits for another's whole queue. Pure: it knows no time;
// probe/collection/send_queue.hpp calls it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <utility>

namespace dkimprobe::probe {

/// Whether someone waits for the result of a query.
enum class Urgency : std::uint8_t {
  scheduled,  ///< no one does
  awaited,    ///< a person or a scraper does: such domains together get every second turn
};

/// `Owner` identifies the domain that a query is for.
template <class Owner>
class TurnQueue {
 public:
  struct Turn {
    Owner owner{};
    std::uint32_t token = 0;
  };

  /// Queues a query behind the others of its owner. A new owner is queued behind those that already wait.
  void join(Owner owner, Urgency urgency, std::uint32_t token) {
    Ring& ring = ring_of(urgency);
    auto at = find(ring, owner);
    if (at == ring.end()) at = ring.insert(ring.end(), Line{owner, {}});
    at->tokens.push_back(token);
    ++size_;
  }

  /// Removes a query. The others keep their turns.
  void leave(Owner owner, Urgency urgency, std::uint32_t token) {
    Ring& ring = ring_of(urgency);
    const auto at = find(ring, owner);
    if (at == ring.end()) return;
    const auto place = std::find(at->tokens.begin(), at->tokens.end(), token);
    if (place == at->tokens.end()) return;
    at->tokens.erase(place);
    --size_;
    if (at->tokens.empty()) ring.erase(at);
  }

  /// Removes and returns the query whose turn it is.
  std::optional<Turn> next() {
    if (size_ == 0) return std::nullopt;
    Urgency urgency = last_ == Urgency::awaited ? Urgency::scheduled : Urgency::awaited;
    if (ring_of(urgency).empty()) urgency = last_;
    last_ = urgency;
    Ring& ring = ring_of(urgency);
    Line& line = ring.front();
    const Turn turn{line.owner, line.tokens.front()};
    line.tokens.pop_front();
    --size_;
    if (line.tokens.empty()) {
      ring.pop_front();
    } else {
      ring.splice(ring.end(), ring, ring.begin());
    }
    return turn;
  }

  /// How many waiting queries get their turn before the last of `queries` that a new scheduled domain would
  /// add: at most that many of each domain.
  [[nodiscard]] std::size_t before_newcomer(std::size_t queries) const {
    std::size_t before = 0;
    for (const Ring& ring : rings_) {
      for (const Line& line : ring) before += std::min(queries, line.tokens.size());
    }
    return before;
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  struct Line {
    Owner owner{};
    std::deque<std::uint32_t> tokens{};
  };
  using Ring = std::list<Line>;

  [[nodiscard]] Ring& ring_of(Urgency urgency) { return rings_[static_cast<std::size_t>(urgency)]; }
  [[nodiscard]] static typename Ring::iterator find(Ring& ring, const Owner& owner) {
    return std::find_if(ring.begin(), ring.end(), [&](const Line& line) { return line.owner == owner; });
  }

  std::array<Ring, 2> rings_{};  ///< by urgency; the front is next
  Urgency last_ = Urgency::scheduled;
  std::size_t size_ = 0;
};

}  // namespace dkimprobe::probe
