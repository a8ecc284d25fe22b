#include "cli/plan/polling.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>

#include "cli/io/wall_clock.hpp"
#include "config/names/address.hpp"

namespace dkimprobe::cli {

using probe::WallTime;
using std::chrono::milliseconds;

namespace {

/// One interval from now, but no later than the deadline; empty if that is sooner than `least`.
std::optional<WallTime> next_poll(WallTime now, WallTime deadline, milliseconds interval,
                                  milliseconds least) {
  const WallTime at = std::min(now + interval, deadline);
  return at > now && at - now >= least ? std::optional(at) : std::nullopt;
}

}  // namespace

milliseconds next_interval(milliseconds last, bool changed, milliseconds least) {
  return std::max(changed ? first_interval : std::min(last + last / 2, longest_interval), least);
}

milliseconds least_interval(const probe::Observation& observation, const config::ProbeSettings& settings) {
  if (settings.rate_per_second <= 0) return milliseconds{0};
  std::map<config::ServerAddress, std::size_t> asked;
  for (const auto* chain : {&observation.key, &observation.adsp}) {
    for (const auto& hop : chain->hops) {
      for (const auto& server : hop.servers) asked[server.address] += server.exchanges.size();
      for (const auto& exchange : hop.delegation.exchanges) ++asked[exchange.server];
    }
  }
  std::size_t most = 0;
  for (const auto& [server, count] : asked) most = std::max(most, count);
  return milliseconds{
      static_cast<std::int64_t>(std::ceil(static_cast<double>(most) * 1'000.0 / settings.rate_per_second))};
}

std::optional<WallTime> next_probe(const checks::SafeTime& verdict, WallTime now, WallTime deadline,
                                   milliseconds interval, milliseconds least) {
  switch (verdict.readiness) {
    case checks::Readiness::ready:
      return std::nullopt;
    case checks::Readiness::wait: {
      if (!verdict.at) return std::nullopt;
      const WallTime at = std::max(*verdict.at, now + least);
      return at <= deadline ? std::optional(at) : std::nullopt;
    }
    case checks::Readiness::not_ready:
    case checks::Readiness::unknown:
      break;
  }
  return next_poll(now, deadline, interval, least);
}

bool same_progress(const std::vector<checks::ServerProgress>& before,
                   const std::vector<checks::ServerProgress>& after) {
  return std::ranges::equal(before, after,
                            [](const checks::ServerProgress& a, const checks::ServerProgress& b) {
                              return a.owner == b.owner && a.server == b.server && a.progress == b.progress;
                            });
}

bool Sleeper::sleep_until(WallTime time) {
  // The machine may be suspended meanwhile, so the wait consists of short ones.
  constexpr milliseconds longest_nap{1'000};
  std::unique_lock lock(mutex_);
  while (!interrupted_) {
    const WallTime now = run_time();
    if (now >= time) return true;
    woken_.wait_for(lock, std::min<milliseconds>(time - now, longest_nap));
  }
  return false;
}

void Sleeper::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  woken_.notify_all();
}

bool Sleeper::interrupted() {
  const std::lock_guard lock(mutex_);
  return interrupted_;
}

}  // namespace dkimprobe::cli
