#include "probe/collection/rate_limit.hpp"

#include <algorithm>
#include <chrono>

namespace dkimprobe::probe {
namespace {

/// Allows for rounding errors: a query that waited until `ready_at` must not fail for a billionth of a token.
constexpr double whole = 1.0 - 1e-6;

}  // namespace

double QueryRate::tokens_at(MonotonicTime now) const {
  if (now <= filled_at_) return tokens_;
  return std::min(burst_, tokens_ + std::chrono::duration<double>(now - filled_at_).count() * rate_);
}

bool QueryRate::take(MonotonicTime now) {
  if (configured_ <= 0.0) return true;
  tokens_ = tokens_at(now);
  filled_at_ = std::max(filled_at_, now);
  if (tokens_ < whole) return false;
  tokens_ -= 1.0;
  return true;
}

MonotonicTime QueryRate::ready_at(MonotonicTime now) const {
  return now + wait(0, now);
}

MonotonicTime::duration QueryRate::wait(std::size_t ahead, MonotonicTime now) const {
  if (configured_ <= 0.0) return {};
  const double missing = static_cast<double>(ahead) + 1.0 - tokens_at(now);
  if (missing <= 1.0 - whole) return {};
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
