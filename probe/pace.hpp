// How fast one server address may be asked: a bucket of tokens that is full at first and fills at a steady
// rate, slower for a server that refuses or loses queries. Pure: time is an argument.
#pragma once

#include "probe/clock.hpp"

namespace dkimprobe::probe {

class Pace {
 public:
  /// `per_second` of 0 lifts the pace.
  Pace(double burst, double per_second, MonotonicTime now)
      : burst_(burst), configured_(per_second), rate_(per_second), tokens_(burst), filled_at_(now) {}

  /// When the next query may leave; that query is counted as sent then. Calls come in the order of time.
  [[nodiscard]] MonotonicTime reserve(MonotonicTime now);

  /// How long a query that is reserved at `now` would wait.
  [[nodiscard]] MonotonicTime::duration wait(MonotonicTime now) const;

  /// A reserved query was not sent after all. Those reserved behind it keep their times.
  void give_back();

  /// The server refused after it had answered, or stopped answering: half the rate, at least one query in ten
  /// seconds.
  void slow_down();
  /// An answer: the rate returns by a tenth of what is configured, never beyond it.
  void recover();

  [[nodiscard]] double per_second() const { return rate_; }

 private:
  double burst_;
  double configured_;
  double rate_;
  double tokens_;  ///< below 0 when queries are reserved ahead
  MonotonicTime filled_at_;
};

}  // namespace dkimprobe::probe
