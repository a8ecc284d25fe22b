// Compares the slot table with a std::map.
#include "probe/transport/slot_table.hpp"

#include <map>
#include <random>

#include <rapidcheck.h>

#include "tests/catch.hpp"

namespace dkimprobe::tests {
namespace {

using probe::SlotTable;
using Key = std::pair<std::uint32_t, std::uint16_t>;

TEST_CASE("the slot table finds what a map finds") {
  // Few sockets and ids, so that pairs recur and searches collide.
  CHECK(rc::check([] {
    SlotTable table;
    std::map<Key, std::uint32_t> expected;
    const auto key =
        rc::gen::pair(rc::gen::inRange<std::uint32_t>(0, 6), rc::gen::inRange<std::uint16_t>(0, 40));
    const int steps = *rc::gen::inRange(1, 400);
    for (int step = 0; step < steps; ++step) {
      const auto [socket, id] = *key;
      if (*rc::gen::inRange(0, 5) < 3) {
        if (expected.count({socket, id}) == 0) {
          table.insert(socket, id, static_cast<std::uint32_t>(step));
          expected[{socket, id}] = static_cast<std::uint32_t>(step);
        }
      } else {
        table.erase(socket, id);
        expected.erase({socket, id});
      }
    }
    RC_ASSERT(table.size() == expected.size());
    for (std::uint32_t socket = 0; socket < 7; ++socket) {
      for (std::uint16_t id = 0; id < 41; ++id) {
        const auto at = expected.find({socket, id});
        const auto found = table.find(socket, id);
        RC_ASSERT(found.has_value() == (at != expected.end()));
        if (found) RC_ASSERT(*found == at->second);
      }
    }
  }));
}

TEST_CASE("the slot table keeps every pair of a large scan") {
  SlotTable table;
  std::map<Key, std::uint32_t> expected;
  std::mt19937 random(3);
  for (std::uint32_t step = 0; step < 200'000; ++step) {
    const Key key{random() % 64, static_cast<std::uint16_t>(random())};
    if (expected.count(key) == 0) {
      table.insert(key.first, key.second, step);
      expected[key] = step;
    }
    if (expected.size() > 10'000) {
      const auto gone = expected.lower_bound({random() % 64, static_cast<std::uint16_t>(random())});
      if (gone == expected.end()) continue;
      table.erase(gone->first.first, gone->first.second);
      expected.erase(gone);
    }
  }
  REQUIRE(table.size() == expected.size());
  bool all = true;
  for (const auto& [key, slot] : expected) all = all && table.find(key.first, key.second) == slot;
  CHECK(all);
}

TEST_CASE("the extreme sockets and ids are valid keys") {
  SlotTable table;
  for (const std::uint32_t socket : {0U, 1U, 0xffffffffU}) {
    for (const std::uint16_t id : {std::uint16_t{0}, std::uint16_t{0xffff}}) {
      CHECK_FALSE(table.find(socket, id));
      table.insert(socket, id, socket ^ id);
    }
  }
  CHECK(table.size() == 6);
  for (const std::uint32_t socket : {0U, 1U, 0xffffffffU}) {
    for (const std::uint16_t id : {std::uint16_t{0}, std::uint16_t{0xffff}}) {
      CHECK(table.find(socket, id) == (socket ^ id));
      table.erase(socket, id);
      CHECK_FALSE(table.find(socket, id));
    }
  }
}

}  // namespace
}  // namespace dkimprobe::tests
