// Until when caches may hold wrong answers, each with its reason.
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
  std::chrono::seconds held{};  ///< by a cache that fetched it last
  const ServerTimeline* timeline = nullptr;
  std::string detail{};  ///< if there is no timeline
};

/// For each reason the longest lifetime, latest first.
class CacheLifetimes {
 public:
  void add(const CacheLifetime& lifetime);
  [[nodiscard]] std::vector<ReasonDetail> reasons() const;

 private:
  std::map<Reason, CacheLifetime> longest_{};
};

/// Latest first: the first one decides.
void sort_latest_first(std::vector<ReasonDetail>& reasons);

}  // namespace dkimprobe::checks
