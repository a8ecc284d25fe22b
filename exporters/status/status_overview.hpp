// All that the status page shows, as one plain value. Whoever serves it fills it in; the pages only read it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/report/report.hpp"
#include "checks/rotation/rotation_plan.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::exporters {

/// Planned work that was announced.
struct StatusMaintenance {
  probe::WallTime until{};
  std::string reason{};  ///< raw
};

struct StatusSelector {
  config::Selector selector{};
  config::Role role = config::Role::active;
  std::shared_ptr<const checks::Report> report{};  ///< null before the first round
  bool confirming = false;  ///< the last round saw something else, and its second look is on its way
  std::optional<probe::WallTime> last_probe{};
  std::optional<probe::WallTime> next_probe{};
  std::optional<probe::WallTime> last_change{};
  std::optional<StatusMaintenance> maintenance{};
  /// Null without one. Only the page of the selector itself reads it.
  std::shared_ptr<const checks::SelectorHistory> history{};
};

struct StatusDomain {
  config::DomainName domain{};
  std::vector<StatusSelector> selectors{};
  std::shared_ptr<const checks::RotationOverview> rotation{};  ///< null when the settings say none
};

/// How the last reading of the settings went.
struct StatusReload {
  bool succeeded = true;
  probe::WallTime at{};
  std::string error{};  ///< escaped; empty when it succeeded
};

/// A look that somebody asked for from outside.
struct RecentProbe {
  probe::WallTime at{};
  std::chrono::microseconds took{0};
  std::string target{};                    ///< raw, as it was asked for; likewise below
  std::string selector{};                  ///< raw
  std::string module{};                    ///< raw
  std::optional<checks::Status> status{};  ///< nothing when the request was refused
  std::string detail{};                    ///< the headline, or why it was refused; escaped
};

struct StatusOverview {
  probe::WallTime now{};
  std::string version{};
  std::string path_prefix{};            ///< before each path, without a slash at its end
  std::vector<StatusDomain> domains{};  ///< sorted by name, each of them once
  StatusReload reload{};
  bool path_intercepted = false;  ///< something between this machine and the nameservers answers for them
  std::vector<RecentProbe> recent_probes{};  ///< the newest first
};

/// Critical, then unknown, then warning. A selector that nobody has looked at yet is unknown.
[[nodiscard]] checks::Status status_of(const StatusSelector& selector);
[[nodiscard]] checks::Status status_of(const StatusDomain& domain);

/// The selector that is worst, the first of them; null when the domain has none.
[[nodiscard]] const StatusSelector* worst_selector(const StatusDomain& domain);

/// Null when nobody watches it. Both live as long as the overview.
[[nodiscard]] const StatusDomain* find_domain(const StatusOverview& overview,
                                              const config::DomainName& domain);
[[nodiscard]] const StatusSelector* find_selector(const StatusDomain& domain,
                                                  const config::Selector& selector);

/// 0 for the worst: what a list is sorted by.
[[nodiscard]] int urgency(checks::Status status);

}  // namespace dkimprobe::exporters
