#include "probe/collection/rate_limit.hpp"

#include <algorithm>
#include <chrono>

namespace dkimprobe::probe {

bool QueryRate::take(MonotonicTime now) {
  return configured_ <= 0.0 || bucket_.take(now, {rate_, burst_});
}

MonotonicTime QueryRate::ready_at(MonotonicTime now) const {
  return now + wait(0, now);
}

MonotonicTime::duration QueryRate::wait(std::size_t ahead, MonotonicTime now) const {
  if (configured_ <= 0.0) return {};
  const double missing = static_cast<double>(ahead) + 1.0 - bucket_.tokens_at(now, {rate_, burst_});
  if (missing <= 1.0 - config::TokenBucket::whole) return {};
  return std::chrono::ceil<MonotonicTime::duration>(std::chrono::duration<double>(missing / rate_));
}

double QueryRate::slowest() const {
  return std::min(configured_, std::max(1.0, configured_ / 5.0));
}

void QueryRate::slow_down() {
  rate_ = std::max(rate_ / 2.0, slowest());
}

void QueryRate::recover() {
  rate_ = std::min(configured_, rate_ + configured_ / 10.0);
}

}  // namespace dkimprobe::probe
