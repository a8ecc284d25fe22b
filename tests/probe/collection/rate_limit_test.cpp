// The rate limit of one server address: bursts, the steady rate, and how it falls and recovers.
#include "probe/collection/rate_limit.hpp"

#include <algorithm>
#include <vector>

#include <rapidcheck.h>

#include "tests/catch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using probe::MonotonicTime;
using probe::QueryRate;

constexpr MonotonicTime start{1h};

TEST_CASE("a burst is sent at once, then queries follow at the rate") {
  QueryRate rate(20, 5, start);
  for (int i = 0; i < 20; ++i) CHECK(rate.take(start));
  for (int i = 1; i <= 10; ++i) {
    CHECK_FALSE(rate.take(start + (i - 1) * 200ms));
    CHECK(std::chrono::abs(rate.ready_at(start + (i - 1) * 200ms) - (start + i * 200ms)) < 1us);
    CHECK(rate.take(start + i * 200ms));
  }
  // Then the bucket fills up to the burst and no further.
  for (int i = 0; i < 20; ++i) CHECK(rate.take(start + 1h));
  CHECK_FALSE(rate.take(start + 1h));
}

TEST_CASE("a query can be sent at the time that was announced, whatever the rate") {
  CHECK(rc::check([] {
    QueryRate rate(*rc::gen::inRange(1, 5), *rc::gen::inRange(1, 1'000) / 7.0, start);
    MonotonicTime now = start;
    for (int i = 0; i < 50; ++i) {
      now = rate.ready_at(now);
      RC_ASSERT(rate.take(now));
    }
  }));
}

TEST_CASE("the wait includes the queries ahead") {
  QueryRate rate(2, 5, start);
  CHECK(rate.wait(1, start) == 0s);
  CHECK(std::chrono::abs(rate.wait(2, start) - 200ms) < 1us);
  CHECK(std::chrono::abs(rate.wait(26, start) - 5s) < 1us);
}

TEST_CASE("a rate of 0 disables the rate limit") {
  QueryRate rate(0, 0, start);
  rate.slow_down();
  rate.recover();
  for (int i = 0; i < 1'000; ++i) CHECK(rate.take(start));
  CHECK(rate.wait(1'000'000, start) == 0s);
}

TEST_CASE("the rate halves down to a usable minimum, and recovers to the configured rate") {
  const double configured = GENERATE(8.0, 5.0, 50.0);
  const double floor = std::max(1.0, configured / 5.0);
  QueryRate rate(1, configured, start);
  double expected = configured;
  for (int i = 0; i < 10; ++i) {
    rate.slow_down();
    expected = std::max(floor, expected / 2);
    CHECK(rate.per_second() == Approx(expected));
  }
  CHECK(rate.per_second() == Approx(floor));
  CHECK(rate.take(start));
  CHECK(rate.ready_at(start) <= start + 1s + 1us);
  for (int i = 0; i < 7; ++i) {
    rate.recover();
    CHECK(rate.per_second() < configured);
  }
  for (int i = 0; i < 9; ++i) rate.recover();
  CHECK(rate.per_second() == Approx(configured));
}

TEST_CASE("slowing down never raises a rate below the minimum") {
  QueryRate rate(1, 0.05, start);
  rate.slow_down();
  CHECK(rate.per_second() == Approx(0.05));
}

TEST_CASE("no interval has more queries than burst and rate permit") {
  CHECK(rc::check([] {
    const double burst = *rc::gen::inRange(1, 30);
    const double per_second = *rc::gen::inRange(1, 50);
    QueryRate rate(burst, per_second, start);
    MonotonicTime now = start;
    std::vector<MonotonicTime> leaves;
    const int count = *rc::gen::inRange(1, 80);
    for (int i = 0; i < count; ++i) {
      now += std::chrono::milliseconds(*rc::gen::inRange(0, 400));
      switch (*rc::gen::inRange(0, 6)) {
        case 0:
          rate.slow_down();
          break;
        case 1:
          rate.recover();
          break;
        default:
          break;
      }
      RC_ASSERT(rate.per_second() <= per_second);
      while (*rc::gen::inRange(0, 3) > 0 && rate.take(now)) leaves.push_back(now);
    }
    for (std::size_t from = 0; from < leaves.size(); ++from) {
      for (std::size_t to = from; to < leaves.size(); ++to) {
        const double seconds = std::chrono::duration<double>(leaves[to] - leaves[from]).count();
        RC_ASSERT(static_cast<double>(to - from + 1) <= burst + seconds * per_second + 0.01);
      }
    }
  }));
}

}  // namespace
}  // namespace dkimprobe::tests
