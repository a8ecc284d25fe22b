// The pace of one server address: bursts, the steady rate, and how it falls and returns.
#include "probe/pace.hpp"

#include <algorithm>
#include <vector>

#include <rapidcheck.h>
#include <catch2/catch.hpp>

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using probe::MonotonicTime;
using probe::Pace;

constexpr MonotonicTime start{1h};

bool close_to(MonotonicTime time, MonotonicTime expected) {
  return std::chrono::abs(time - expected) < 1us;
}

TEST_CASE("a burst leaves at once, then one query follows the other at the rate") {
  Pace pace(20, 5, start);
  for (int i = 0; i < 20; ++i) CHECK(pace.reserve(start) == start);
  for (int i = 1; i <= 10; ++i) CHECK(close_to(pace.reserve(start), start + i * 200ms));
  // Two seconds on, all of these have gone; then the bucket fills, to the burst and no further.
  CHECK(close_to(pace.reserve(start + 2s), start + 2'200ms));
  for (int i = 0; i < 20; ++i) CHECK(pace.reserve(start + 1h) == start + 1h);
  CHECK(close_to(pace.reserve(start + 1h), start + 1h + 200ms));
}

TEST_CASE("a rate of 0 lifts the pace, whatever happens") {
  Pace pace(0, 0, start);
  pace.slow_down();
  pace.recover();
  for (int i = 0; i < 1'000; ++i) CHECK(pace.reserve(start) == start);
}

TEST_CASE("the rate halves down to one query in ten seconds and returns to what is configured") {
  Pace pace(1, 8, start);
  const double after[] = {4, 2, 1, 0.5, 0.25, 0.125, 0.1, 0.1};
  for (const double rate : after) {
    pace.slow_down();
    CHECK(pace.per_second() == Approx(rate));
  }
  CHECK(pace.reserve(start) == start);
  CHECK(close_to(pace.reserve(start), start + 10s));
  for (int i = 0; i < 9; ++i) {
    pace.recover();
    CHECK(pace.per_second() < 8.0);
  }
  for (int i = 0; i < 9; ++i) pace.recover();
  CHECK(pace.per_second() == Approx(8.0));
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
      const MonotonicTime turn = pace.reserve(now);
      RC_ASSERT(turn >= now);
      RC_ASSERT(pace.per_second() <= rate);
      leaves.push_back(turn);
    }
    // From the start to each moment; the rate never exceeds what was configured.
    for (const MonotonicTime until : leaves) {
      const auto left =
          std::count_if(leaves.begin(), leaves.end(), [&](MonotonicTime t) { return t <= until; });
      const double seconds = std::chrono::duration<double>(until - start).count();
      RC_ASSERT(static_cast<double>(left) <= burst + seconds * rate + 1.0);
    }
  }));
}

TEST_CASE("what is given back is there for the next, never beyond the burst") {
  const probe::MonotonicTime now{};
  probe::Pace pace(2, 1, now);
  for (int i = 0; i < 12; ++i) static_cast<void>(pace.reserve(now));
  CHECK(pace.reserve(now) == now + std::chrono::seconds(11));
  for (int i = 0; i < 11; ++i) pace.give_back();
  CHECK(pace.reserve(now) == now + std::chrono::seconds(1));
  for (int i = 0; i < 9; ++i) pace.give_back();
  CHECK(pace.reserve(now) == now);
  CHECK(pace.reserve(now) == now);
  CHECK(pace.reserve(now) > now);
}

}  // namespace
}  // namespace dkimprobe::tests
