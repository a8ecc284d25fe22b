// Compares the timer wheel with a std::multimap, which does the same slowly.
#include "probe/transport/deadline_queue.hpp"

#include <algorithm>
#include <map>

#include <rapidcheck.h>

#include "tests/catch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using probe::DeadlineQueue;
using probe::MonotonicTime;
using Item = DeadlineQueue::Item;

constexpr MonotonicTime origin{5h};

TEST_CASE("the timer wheel behaves like a sorted map") {
  // Waits and pauses far exceed one turn of the wheel (1.024 s).
  const auto wait = [] {
    return rc::gen::weightedOneOf<std::int64_t>({{6, rc::gen::inRange<std::int64_t>(-3'000, 3'000)},
                                                 {3, rc::gen::inRange<std::int64_t>(0, 900'000)},
                                                 {1, rc::gen::inRange<std::int64_t>(0, 20'000'000)}});
  };
  CHECK(rc::check([&] {
    DeadlineQueue queue(origin);
    std::multimap<MonotonicTime, Item> expected;
    std::map<Item, MonotonicTime> deadlines;
    std::map<Item, MonotonicTime> added_at;
    MonotonicTime now = origin;
    const auto forget = [&](Item item) {
      for (auto at = expected.begin(); at != expected.end(); ++at) {
        if (at->second == item) {
          expected.erase(at);
          break;
        }
      }
      deadlines.erase(item);
    };
    const int steps = *rc::gen::inRange(1, 120);
    for (int step = 0; step < steps; ++step) {
      switch (*rc::gen::weightedElement<int>({{6, 0}, {2, 1}, {3, 2}})) {
        case 0: {
          const auto item = *rc::gen::inRange<Item>(0, 60);
          if (deadlines.count(item) > 0) break;
          const MonotonicTime deadline = now + std::chrono::microseconds(*wait());
          queue.add(item, deadline);
          expected.emplace(deadline, item);
          deadlines.emplace(item, deadline);
          added_at[item] = now;
          break;
        }
        case 1: {
          const auto item = *rc::gen::inRange<Item>(0, 70);
          queue.remove(item);
          forget(item);
          break;
        }
        case 2: {
          now += std::chrono::microseconds(std::max<std::int64_t>(*wait(), 0));
          std::vector<Item> expired;
          queue.expire(now, expired);
          std::vector<Item> sorted = expired;
          std::sort(sorted.begin(), sorted.end());
          RC_ASSERT(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
          for (const Item item : expired) {
            RC_ASSERT(deadlines.count(item) == 1);
            RC_ASSERT(deadlines[item] <= now);
            forget(item);
          }
          // No remaining item is overdue by a tick, counted from its addition at the earliest.
          for (const auto& [deadline, item] : expected)
            RC_ASSERT(std::max(deadline, added_at[item]) + DeadlineQueue::tick > now);
          break;
        }
        default:
          break;
      }
      RC_ASSERT(queue.size() == expected.size());
      RC_ASSERT(queue.next().has_value() == !expected.empty());
      if (!expected.empty()) {
        const MonotonicTime earliest = std::max(expected.begin()->first, now);
        RC_ASSERT(*queue.next() <= earliest + DeadlineQueue::tick);
      }
    }
    // When woken at the returned times, every item expires, never early and at most a tick late.
    int wakes = 0;
    while (const auto next = queue.next()) {
      RC_ASSERT(++wakes < 3'000);
      const MonotonicTime before = now;
      now = std::max(now, *next);
      std::vector<Item> expired;
      queue.expire(now, expired);
      for (const Item item : expired) {
        RC_ASSERT(deadlines[item] <= now);
        RC_ASSERT(now <= std::max(deadlines[item], before) + DeadlineQueue::tick);
        forget(item);
      }
    }
    RC_ASSERT(expected.empty());
  }));
}

TEST_CASE("deadlines one turn of the wheel apart share a bucket but expire separately") {
  DeadlineQueue queue(origin);
  for (Item item = 0; item < 5; ++item) queue.add(item, origin + 10ms + item * 1'024ms);
  std::vector<Item> expired;
  for (Item item = 0; item < 5; ++item) {
    queue.expire(origin + 10ms + item * 1'024ms, expired);
    CHECK(expired.size() == item);
    queue.expire(origin + 11ms + item * 1'024ms, expired);
    REQUIRE(expired.size() == item + 1);
    CHECK(expired.back() == item);
  }
  CHECK(queue.size() == 0);
}

TEST_CASE("after a pause of a day, each bucket is visited once") {
  DeadlineQueue queue(origin);
  queue.add(1, origin + 1ms);
  queue.add(2, origin + 23h);
  queue.add(3, origin + 25h);
  std::vector<Item> expired;
  queue.expire(origin + 24h, expired);
  std::sort(expired.begin(), expired.end());
  CHECK(expired == std::vector<Item>{1, 2});
  CHECK(*queue.next() <= origin + 25h + DeadlineQueue::tick);
}

TEST_CASE("removing a missing item changes nothing") {
  DeadlineQueue queue(origin);
  queue.remove(7);
  queue.add(1, origin);
  queue.remove(1);
  queue.remove(1);
  CHECK(queue.size() == 0);
  CHECK_FALSE(queue.next());
}

}  // namespace
}  // namespace dkimprobe::tests
