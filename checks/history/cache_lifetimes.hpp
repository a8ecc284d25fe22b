// Until when caches may hold what is not right, each with the reason for it.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/report/reasons.hpp"

namespace dkimprobe::checks {

/// Until when caches may hold one answer of one server.
struct CacheLifetime {
  Reason reason = Reason::nothing_known;
  WallTime until{};
  std::chrono::seconds held{};  ///< by a cache that got it at the last moment
  const ServerTimeline* timeline = nullptr;
  std::string detail{};  ///< of one that no timeline of a server has
};

/// Of each reason the one that lasts longest, the latest first.
class CacheLifetimes {
 public:
  void add(const CacheLifetime& lifetime);
  [[nodiscard]] std::vector<ReasonDetail> reasons() const;

 private:
  std::map<Reason, CacheLifetime> longest_{};
};

/// The latest first, which decides.
void sort_latest_first(std::vector<ReasonDetail>& reasons);

}  // namespace dkimprobe::checks
