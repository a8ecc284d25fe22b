// The rate limit of one server address: a token bucket that is full at first and refills at a steady rate,
// more slowly for a server that stops answering. Pure: time is an argument.
#pragma once

#include <cstddef>

#include "config/basics/token_bucket.hpp"
#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

class QueryRate {
 public:
  /// `per_second` of 0 disables the rate limit.
  QueryRate(double burst, double per_second, MonotonicTime now)
      : burst_(burst), configured_(per_second), rate_(per_second), bucket_(now) {}

  /// Whether a query may be sent now; if so, it counts as sent. `now` must not decrease between calls.
  [[nodiscard]] bool take(MonotonicTime now);
  /// When `take` will succeed, if no other call takes the token before.
  [[nodiscard]] MonotonicTime ready_at(MonotonicTime now) const;
  /// How long a query waits behind `ahead` others.
  [[nodiscard]] MonotonicTime::duration wait(std::size_t ahead, MonotonicTime now) const;

  /// The server stopped answering what it used to answer: halves the rate, down to `slowest`.
  void slow_down();
  /// The server answered: raises the rate by a tenth of the configured rate, up to that rate.
  void recover();

  [[nodiscard]] double per_second() const { return rate_; }
  [[nodiscard]] double burst() const { return burst_; }

 private:
  /// One query a second or a fifth of the configured rate, whichever is more, but never more than that rate.
  /// So a full probe of one selector takes at most ten seconds, and no address becomes unusable.
  [[nodiscard]] double slowest() const;

  double burst_;
  double configured_;
  double rate_;
  config::TokenBucket bucket_;
};

}  // namespace dkimprobe::probe
