#include "probe/pace.hpp"

#include <algorithm>

namespace dkimprobe::probe {

MonotonicTime Pace::reserve(MonotonicTime now) {
  if (configured_ <= 0.0) return now;
  if (now > filled_at_) {
    const double passed = std::chrono::duration<double>(now - filled_at_).count();
    tokens_ = std::min(burst_, tokens_ + passed * rate_);
    filled_at_ = now;
  }
  tokens_ -= 1.0;
  if (tokens_ >= 0.0) return now;
  return now +
         std::chrono::duration_cast<MonotonicTime::duration>(std::chrono::duration<double>(-tokens_ / rate_));
}

MonotonicTime::duration Pace::wait(MonotonicTime now) const {
  Pace asked = *this;
  return asked.reserve(now) - now;
}

void Pace::give_back() {
  tokens_ = std::min(burst_, tokens_ + 1.0);
}

void Pace::slow_down() {
  rate_ = std::min(rate_, std::max(rate_ / 2.0, 0.1));
}

void Pace::recover() {
  rate_ = std::min(configured_, rate_ + configured_ / 10.0);
}

}  // namespace dkimprobe::probe
