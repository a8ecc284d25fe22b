// The pace of one server address: bursts, the steady rate, and how it falls and returns.
#include "probe/collection/rate_limit.hpp"

#include <algorithm>
#include <vector>

#include <rapidcheck.h>

#include "tests/catch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using probe::MonotonicTime;
using probe::Pace;

constexpr MonotonicTime start{1h};

TEST_CASE("a burst leaves at once, then one query follows the other at the rate") {
  Pace pace(20, 5, start);
  for (int i = 0; i < 20; ++i) CHECK(pace.take(start));
  for (int i = 1; i <= 10; ++i) {
    CHECK_FALSE(pace.take(start + (i - 1) * 200ms));
    CHECK(std::chrono::abs(pace.ready_at(start + (i - 1) * 200ms) - (start + i * 200ms)) < 1us);
    CHECK(pace.take(start + i * 200ms));
  }
  // Then the bucket fills, to the burst and no further.
  for (int i = 0; i < 20; ++i) CHECK(pace.take(start + 1h));
  CHECK_FALSE(pace.take(start + 1h));
}

TEST_CASE("who waits until the time that is said may leave then, whatever the rate") {
  CHECK(rc::check([] {
    Pace pace(*rc::gen::inRange(1, 5), *rc::gen::inRange(1, 1'000) / 7.0, start);
    MonotonicTime now = start;
    for (int i = 0; i < 50; ++i) {
      now = pace.ready_at(now);
      RC_ASSERT(pace.take(now));
    }
  }));
}

TEST_CASE("the wait counts those before") {
  Pace pace(2, 5, start);
  CHECK(pace.wait(1, start) == 0s);
  CHECK(std::chrono::abs(pace.wait(2, start) - 200ms) < 1us);
  CHECK(std::chrono::abs(pace.wait(26, start) - 5s) < 1us);
}

TEST_CASE("a rate of 0 lifts the pace, whatever happens") {
  Pace pace(0, 0, start);
  pace.slow_down();
  pace.recover();
  for (int i = 0; i < 1'000; ++i) CHECK(pace.take(start));
  CHECK(pace.wait(1'000'000, start) == 0s);
}

TEST_CASE(
    "the rate halves down to a floor that keeps the address usable, and returns to what is configured") {
  const double configured = GENERATE(8.0, 5.0, 50.0);
  const double floor = std::max(1.0, configured / 5.0);
  Pace pace(1, configured, start);
  double rate = configured;
  for (int i = 0; i < 10; ++i) {
    pace.slow_down();
    rate = std::max(floor, rate / 2);
    CHECK(pace.per_second() == Approx(rate));
  }
  CHECK(pace.per_second() == Approx(floor));
  CHECK(pace.take(start));
  CHECK(pace.ready_at(start) <= start + 1s + 1us);
  for (int i = 0; i < 7; ++i) {
    pace.recover();
    CHECK(pace.per_second() < configured);
  }
  for (int i = 0; i < 9; ++i) pace.recover();
  CHECK(pace.per_second() == Approx(configured));
}

TEST_CASE("a rate below the slowest is not raised by slowing down") {
  Pace pace(1, 0.05, start);
  pace.slow_down();
  CHECK(pace.per_second() == Approx(0.05));
}

TEST_CASE("in no stretch of time more leave than the burst and the rate allow") {
  CHECK(rc::check([] {
    const double burst = *rc::gen::inRange(1, 30);
    const double rate = *rc::gen::inRange(1, 50);
    Pace pace(burst, rate, start);
    MonotonicTime now = start;
    std::vector<MonotonicTime> leaves;
    const int count = *rc::gen::inRange(1, 80);
    for (int i = 0; i < count; ++i) {
      now += std::chrono::milliseconds(*rc::gen::inRange(0, 400));
      switch (*rc::gen::inRange(0, 6)) {
        case 0:
          pace.slow_down();
          break;
        case 1:
          pace.recover();
          break;
        default:
          break;
      }
      RC_ASSERT(pace.per_second() <= rate);
      while (*rc::gen::inRange(0, 3) > 0 && pace.take(now)) leaves.push_back(now);
    }
    for (std::size_t from = 0; from < leaves.size(); ++from) {
      for (std::size_t to = from; to < leaves.size(); ++to) {
        const double seconds = std::chrono::duration<double>(leaves[to] - leaves[from]).count();
        RC_ASSERT(static_cast<double>(to - from + 1) <= burst + seconds * rate + 0.01);
      }
    }
  }));
}

}  // namespace
}  // namespace dkimprobe::tests
