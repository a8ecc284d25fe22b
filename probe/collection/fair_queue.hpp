// Decides which of the queries that wait for a rate limit is sent next. The waiting domains take turns, each
// with its own queries in order, so that no domain waits for another's whole queue. Pure: it knows no time;
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

/// `Owner` identifies the domain that a query is for, `Place` where it goes to. Each place has a limit of its
/// own: a domain whose queries all go to places that are not ready is passed over, without losing its turn.
template <class Owner, class Place>
class TurnQueue {
 public:
  struct Turn {
    Owner owner{};
    std::uint32_t token = 0;
  };

  /// Queues a query behind the others of its owner to the same place. A new owner is queued behind those that
  /// already wait.
  void join(Owner owner, Urgency urgency, const Place& place, std::uint32_t token) {
    Ring& ring = ring_of(urgency);
    auto line = find(ring, owner, &Line::owner);
    if (line == ring.end()) line = ring.insert(ring.end(), Line{owner, {}});
    auto part = find(line->parts, place, &Part::place);
    if (part == line->parts.end()) part = line->parts.insert(line->parts.end(), Part{place, {}});
    part->tokens.push_back(token);
  }

  /// Removes a query. The others keep their turns.
  void leave(Owner owner, Urgency urgency, const Place& place, std::uint32_t token) {
    Ring& ring = ring_of(urgency);
    const auto line = find(ring, owner, &Line::owner);
    if (line == ring.end()) return;
    const auto part = find(line->parts, place, &Part::place);
    if (part == line->parts.end()) return;
    std::erase(part->tokens, token);
    if (part->tokens.empty()) line->parts.erase(part);
    if (line->parts.empty()) ring.erase(line);
  }

  /// Removes and returns the first query, in the order of turns, to a place that `take` accepts.
  template <class Take>
  std::optional<Turn> next(Take take) {
    const Urgency other = last_ == Urgency::awaited ? Urgency::scheduled : Urgency::awaited;
    for (const Urgency urgency : {other, last_}) {
      auto turn = next_of(ring_of(urgency), take);
      if (!turn) continue;
      last_ = urgency;
      return turn;
    }
    return std::nullopt;
  }

  /// How many waiting queries get their turn before the last of `queries` that a new scheduled domain would
  /// add: at most that many of each domain. With a place, only those to it count.
  [[nodiscard]] std::size_t before_newcomer(std::size_t queries,
                                            const std::optional<Place>& place = std::nullopt) const {
    std::size_t before = 0;
    for (const Ring& ring : rings_) {
      for (const Line& line : ring) {
        std::size_t own = 0;
        for (const Part& part : line.parts) {
          if (!place || part.place == *place) own += part.tokens.size();
        }
        before += std::min(queries, own);
      }
    }
    return before;
  }

  /// Calls `visit` with the place of each domain's waiting queries.
  template <class Visit>
  void for_each_place(Visit visit) const {
    for (const Ring& ring : rings_) {
      for (const Line& line : ring) {
        for (const Part& part : line.parts) visit(part.place);
      }
    }
  }

  [[nodiscard]] bool empty() const { return rings_[0].empty() && rings_[1].empty(); }

 private:
  /// The queries of one domain to one place.
  struct Part {
    Place place{};
    std::deque<std::uint32_t> tokens{};
  };
  struct Line {
    Owner owner{};
    std::list<Part> parts{};  ///< the places take turns too
  };
  using Ring = std::list<Line>;

  template <class Take>
  static std::optional<Turn> next_of(Ring& ring, Take& take) {
    for (auto line = ring.begin(); line != ring.end(); ++line) {
      const auto part = std::find_if(line->parts.begin(), line->parts.end(),
                                     [&](const Part& each) { return take(each.place); });
      if (part == line->parts.end()) continue;
      const Turn turn{line->owner, part->tokens.front()};
      part->tokens.pop_front();
      if (part->tokens.empty()) {
        line->parts.erase(part);
      } else {
        line->parts.splice(line->parts.end(), line->parts, part);
      }
      if (line->parts.empty()) {
        ring.erase(line);
      } else {
        ring.splice(ring.end(), ring, line);
      }
      return turn;
    }
    return std::nullopt;
  }

  [[nodiscard]] Ring& ring_of(Urgency urgency) { return rings_[static_cast<std::size_t>(urgency)]; }
  template <class List, class Key, class Member>
  [[nodiscard]] static typename List::iterator find(List& list, const Key& key, Member member) {
    return std::find_if(list.begin(), list.end(), [&](const auto& each) { return each.*member == key; });
  }

  std::array<Ring, 2> rings_{};  ///< by urgency; the front is next
  Urgency last_ = Urgency::scheduled;
};

}  // namespace dkimprobe::probe
