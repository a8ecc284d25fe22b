// `/probe`: an on-demand probe for a scraper or a person, as in blackbox_exporter; and the list of recent
// requests.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "checks/report/report.hpp"
#include "cli/daemon/probe_request.hpp"
#include "cli/daemon/watch_state.hpp"
#include "exporters/http/http_server.hpp"
#include "exporters/metrics/report_metrics.hpp"
#include "exporters/status/status_overview.hpp"
#include "probe/schedule/scheduler.hpp"

namespace dkimprobe::cli {

class ProbeRoute {
 public:
  struct Counts {
    std::uint64_t answered = 0;
    std::uint64_t refused = 0;
    std::uint64_t unknown_modules = 0;  ///< among the refused
  };
  /// Starts a probe, which calls back from any thread.
  using ProbeNow = std::function<void(probe::OnDemandProbe)>;

  /// `state` must outlive this object.
  ProbeRoute(const WatchState& state, ProbeNow probe_now, std::chrono::milliseconds timeout_offset)
      : state_(state), probe_now_(std::move(probe_now)), offset_(timeout_offset) {}

  /// Waits until the probe has ended. From any thread.
  [[nodiscard]] exporters::Response answer(const exporters::Request& request);
  [[nodiscard]] Counts counts() const;
  /// Newest first.
  [[nodiscard]] std::vector<exporters::RecentProbe> recent() const;

 private:
  [[nodiscard]] exporters::Response refused(exporters::RecentProbe about, const ProbeRefusal& refusal);
  void remember(exporters::RecentProbe probe);
  [[nodiscard]] std::vector<exporters::MeasuredReport> judge(const ProbeRequest& request,
                                                             const std::vector<probe::Observation>& seen,
                                                             std::vector<checks::Report>& reports) const;

  const WatchState& state_;
  ProbeNow probe_now_;
  std::chrono::milliseconds offset_;
  mutable std::mutex mutex_{};  ///< of what follows
  Counts counts_{};
  std::deque<exporters::RecentProbe> recent_{};
};

}  // namespace dkimprobe::cli
