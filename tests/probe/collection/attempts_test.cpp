// When the attempts of a question are sent, and how long each may be answered.
#include "probe/collection/attempts.hpp"

#include <algorithm>
#include <vector>

#include <rapidcheck.h>

#include "tests/catch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using probe::Attempts;
using probe::MonotonicTime;

constexpr MonotonicTime start{1h};

TEST_CASE(
    "each attempt is sent when the wait of the previous one is over, and all stay open until the last wait "
    "ends") {
  Attempts attempts(3, 400ms);
  REQUIRE(attempts.due(start));
  CHECK(attempts.begin() == 1);
  CHECK_FALSE(attempts.due(start));  // it is queued
  attempts.sent(start + 50ms);
  CHECK(attempts.open_for(1) == 2'800ms);
  CHECK(attempts.next_due() == start + 450ms);
  CHECK_FALSE(attempts.due(start + 449ms));
  REQUIRE(attempts.due(start + 450ms));
  CHECK(attempts.begin() == 2);
  CHECK_FALSE(attempts.next_due());
  attempts.sent(start + 450ms);
  CHECK(attempts.open_for(2) == 2'400ms);
  CHECK(attempts.next_due() == start + 1'250ms);
  REQUIRE(attempts.due(start + 1'250ms));
  CHECK(attempts.begin() == 3);
  CHECK(attempts.is_last(3));
  attempts.sent(start + 1'250ms);
  CHECK(attempts.open_for(3) == 1'600ms);
  CHECK_FALSE(attempts.next_due());
  attempts.ended();
  attempts.ended();
  CHECK_FALSE(attempts.over());
  attempts.ended();
  CHECK(attempts.over());
}

TEST_CASE("a queued attempt delays the next one, and the question stays open meanwhile") {
  Attempts attempts(2, 100ms);
  attempts.begin();
  attempts.sent(start);
  REQUIRE(attempts.due(start + 100ms));
  attempts.begin();
  attempts.ended();  // the first: its 300 ms have passed, and the second is still queued
  CHECK_FALSE(attempts.over());
  CHECK_FALSE(attempts.due(start + 5s));
  attempts.sent(start + 9s);
  attempts.ended();
  CHECK(attempts.over());
}

TEST_CASE("once stopped, no attempt is sent, and open ones may still be answered") {
  Attempts attempts(3, 100ms);
  attempts.begin();
  attempts.sent(start);
  attempts.begin();  // queued
  attempts.stop();
  CHECK_FALSE(attempts.due(start + 1h));
  CHECK_FALSE(attempts.next_due());
  CHECK_FALSE(attempts.over());
  attempts.ended();
  CHECK(attempts.over());
}

TEST_CASE("no attempt is sent early, and each stays open for the waits of those after it") {
  CHECK(rc::check([] {
    const auto most = *rc::gen::inRange<std::uint8_t>(1, 9);
    const std::chrono::microseconds wait = std::chrono::milliseconds(*rc::gen::inRange(1, 1'000));
    Attempts attempts(most, wait);
    MonotonicTime now = start;
    std::vector<MonotonicTime> ends;
    std::chrono::microseconds own = wait;
    while (!attempts.over()) {
      RC_ASSERT(ends.size() < most);
      RC_ASSERT(attempts.due(now));
      const std::uint8_t number = attempts.begin();
      RC_ASSERT(number == ends.size() + 1);
      now += std::chrono::milliseconds(*rc::gen::inRange(0, 50));  // queued
      attempts.sent(now);
      ends.push_back(now + attempts.open_for(number));
      // Later attempts that are sent on time end together with it.
      RC_ASSERT(ends.back() >= ends.front());
      RC_ASSERT(attempts.open_for(number) >= own);
      if (number == most) {
        RC_ASSERT(attempts.open_for(number) == own);
        for (std::size_t i = 0; i < ends.size(); ++i) attempts.ended();
        break;
      }
      RC_ASSERT(attempts.next_due() == now + own);
      RC_ASSERT(!attempts.due(now + own - 1us));
      now += own;
      own *= 2;
    }
    RC_ASSERT(attempts.over());
  }));
}

}  // namespace
}  // namespace dkimprobe::tests
