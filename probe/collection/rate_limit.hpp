// How fast one server address may be asked: a bucket of tokens that is full at first and fills at a steady
// rate, slower for a server that stops answering. Pure: time is an argument.
#pragma once

#include <cstddef>

#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

class QueryRate {
 public:
  /// `per_second` of 0 lifts the pace.
  QueryRate(double burst, double per_second, MonotonicTime now)
      : burst_(burst), configured_(per_second), rate_(per_second), tokens_(burst), filled_at_(now) {}

  /// Whether a query may leave now; it counts as sent then. Calls come in the order of time.
  [[nodiscard]] bool take(MonotonicTime now);
  /// When `take` succeeds, if nobody takes before.
  [[nodiscard]] MonotonicTime ready_at(MonotonicTime now) const;
  /// How long a query waits that has `ahead` others before it.
  [[nodiscard]] MonotonicTime::duration wait(std::size_t ahead, MonotonicTime now) const;

  /// The server stopped answering what it had answered: half the rate, at least `slowest`.
  void slow_down();
  /// An answer: the rate returns by a tenth of what is configured, never beyond it.
  void recover();

  [[nodiscard]] double per_second() const { return rate_; }
  [[nodiscard]] double burst() const { return burst_; }

 private:
  /// One query a second, or a fifth of the rate that is configured, whichever is more: a domain of one
  /// selector is asked in full within ten seconds, so that no address is ever as good as shut. Never more
  /// than what is configured.
  [[nodiscard]] double slowest() const;
  [[nodiscard]] double tokens_at(MonotonicTime now) const;

  double burst_;
  double configured_;
  double rate_;
  double tokens_;
  MonotonicTime filled_at_;
};

}  // namespace dkimprobe::probe
