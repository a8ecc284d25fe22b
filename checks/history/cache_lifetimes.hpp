// The latest times at which caches may still hold something, each with its reason, and the sentences of the
// reasons.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/history/zone_reading.hpp"
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

// The sentences of other reasons.
[[nodiscard]] std::string old_ds_text(const FormerDs& former);
/// `content` is what caches may hold of them: "a key".
[[nodiscard]] std::string old_nameservers_text(const FormerServers& former, const config::DomainName& owner,
                                               std::string_view content, std::chrono::seconds held);
[[nodiscard]] std::string failed_before_text(const config::DomainName& owner, std::chrono::seconds held);
[[nodiscard]] std::string unknown_before_text(const FormerServers& former, const config::DomainName& owner,
                                              std::chrono::seconds held);
/// The server denied `timeline.owner`, or that a zone begins there, and so `owner` below it.
[[nodiscard]] std::string denied_above_text(const ServerTimeline& timeline, PublishedKind kind,
                                            const config::DomainName& owner, std::chrono::seconds held);

[[nodiscard]] std::string used_before_text(const ServerTimeline& timeline, std::string_view seen);
[[nodiscard]] std::string queried_before_text(const CacheContent& cache);
[[nodiscard]] std::string resolver_holds_text(const CacheContent& cache);
[[nodiscard]] std::string resolver_unknown_text(const CacheContent& cache);

}  // namespace dkimprobe::checks
