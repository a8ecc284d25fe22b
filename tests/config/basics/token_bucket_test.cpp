// The token bucket: bursts, the steady rate, limits that change, and times that go back.
#include "config/basics/token_bucket.hpp"

#include "tests/catch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using config::TokenBucket;

constexpr TokenBucket::Time start{1h};

TEST_CASE("a token bucket starts full, refills at the rate, and holds no more than the burst") {
  constexpr TokenBucket::Limits limits{2.0, 3.0};
  TokenBucket bucket(start);
  CHECK(bucket.tokens_at(start, limits) == 3.0);
  for (int i = 0; i < 3; ++i) CHECK(bucket.take(start, limits));
  CHECK_FALSE(bucket.take(start, limits));
  CHECK_FALSE(bucket.take(start + 499ms, limits));
  CHECK(bucket.take(start + 500ms, limits));
  CHECK(bucket.tokens_at(start + 1h, limits) == 3.0);
}

TEST_CASE("other limits of a token bucket hold from the next call on") {
  TokenBucket bucket(start);
  CHECK(bucket.take(start, {1.0, 100.0}));
  CHECK(bucket.take(start, {1.0, 1.0}));
  CHECK_FALSE(bucket.take(start, {1.0, 100.0}));
  CHECK(bucket.take(start + 100ms, {10.0, 1.0}));
}

TEST_CASE("a token bucket gains nothing from a time that goes back") {
  constexpr TokenBucket::Limits limits{1.0, 1.0};
  TokenBucket bucket(start);
  CHECK(bucket.take(start, limits));
  CHECK_FALSE(bucket.take(start - 10s, limits));
  CHECK_FALSE(bucket.take(start, limits));
  CHECK(bucket.take(start + 1s, limits));
}

TEST_CASE("the share of a token that is lost by rounding is not missing") {
  constexpr TokenBucket::Limits limits{1.0 / 3.0, 1.0};
  TokenBucket bucket(start);
  CHECK(bucket.take(start, limits));
  CHECK(bucket.take(start + 3s - 1ns, limits));
}

}  // namespace
}  // namespace dkimprobe::tests
