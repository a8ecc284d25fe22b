// How many probes may be under way. A slow one gives its place up after a while, so that domains whose
// servers never answer do not keep others from being probed. Pure: time is an argument.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <optional>
#include <set>

#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

class ProbeSlots {
 public:
  static constexpr std::chrono::seconds slow_after{30};
  /// With the slow ones, at most this many times as many probes are under way.
  static constexpr std::size_t with_slow = 4;

  void begin(MonotonicTime now) { began_.insert(now); }
  void end(MonotonicTime began) { began_.erase(began_.find(began)); }
  [[nodiscard]] std::size_t size() const { return began_.size(); }

  /// When one more probe may begin, if none ends before: `most` may be under way that are not slow. Nothing
  /// when one has to end first.
  [[nodiscard]] std::optional<MonotonicTime> room_at(std::size_t most, MonotonicTime now) const {
    if (began_.size() >= with_slow * most) return std::nullopt;
    if (began_.size() < most) return now;
    const MonotonicTime oldest_counted = *std::prev(began_.end(), static_cast<std::ptrdiff_t>(most));
    return std::max(now, oldest_counted + slow_after);
  }

 private:
  std::multiset<MonotonicTime> began_{};
};

}  // namespace dkimprobe::probe
