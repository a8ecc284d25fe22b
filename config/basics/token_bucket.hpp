// A token bucket, for rate limits. It starts full. Rate and burst are arguments, so that they may change
// between calls; so is the time.
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>

namespace dkimprobe::config {

class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Limits {
    double per_second = 0.0;
    double burst = 1.0;
  };

  explicit TokenBucket(Time now) : filled_at_(now) {}

  /// A time before that of the last `take` counts as that time.
  [[nodiscard]] double tokens_at(Time now, const Limits& limits) const {
    const std::chrono::duration<double> passed = std::max(now, filled_at_) - filled_at_;
    return std::min(limits.burst, tokens_ + passed.count() * limits.per_second);
  }

  /// Whether there was a token; if so, it is taken.
  [[nodiscard]] bool take(Time now, const Limits& limits) {
    tokens_ = tokens_at(now, limits);
    filled_at_ = std::max(now, filled_at_);
    if (tokens_ < whole) return false;
    tokens_ -= 1.0;
    return true;
  }

  /// Allows for rounding errors: who waited for a token must not fail for a billionth of it.
  static constexpr double whole = 1.0 - 1e-6;

 private:
  double tokens_ = std::numeric_limits<double>::infinity();
  Time filled_at_;
};

}  // namespace dkimprobe::config
