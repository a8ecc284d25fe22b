// Everything that the status page shows, as one plain value. The server fills it in; the pages only read it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/report/report.hpp"
#include "checks/rotation/rotation_plan.hpp"
#include "config/basics/escape.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::exporters {

/// Maintenance that the settings announce.
struct StatusMaintenance {
  probe::WallTime until{};
  std::string reason{};  ///< raw
};

struct StatusSelector {
  config::Selector selector{};
  config::Role role = config::Role::active;
  std::shared_ptr<const checks::Report> report{};  ///< null before the first probe
  bool confirming = false;  ///< the last probe saw a change; a second probe is confirming it
  std::optional<probe::WallTime> last_probe{};
  std::optional<probe::WallTime> next_probe{};
  std::optional<probe::WallTime> last_change{};
  std::optional<StatusMaintenance> maintenance{};
  /// Null without a stored history. Only the selector's own page reads it.
  std::shared_ptr<const checks::SelectorHistory> history{};
};

struct StatusDomain {
  config::DomainName domain{};
  std::vector<StatusSelector> selectors{};
  std::shared_ptr<const checks::RotationOverview> rotation{};  ///< null without a rotation in the settings
};

/// Result of the last reload of the settings.
struct StatusReload {
  bool succeeded = true;
  probe::WallTime at{};
  std::vector<config::EscapedText> errors{};  ///< the first few; empty when it succeeded
};

/// An on-demand probe, requested through `/probe`.
struct RecentProbe {
  probe::WallTime at{};
  std::chrono::microseconds took{0};
  std::string target{};                    ///< raw, as requested
  std::string selector{};                  ///< raw
  std::string module{};                    ///< raw
  std::optional<checks::Status> status{};  ///< no value when the request was refused
  config::EscapedText detail{};            ///< the headline, or the reason of the refusal
};

struct StatusOverview {
  probe::WallTime now{};
  std::string version{};
  std::string path_prefix{};            ///< prepended to each path; no trailing slash
  std::vector<StatusDomain> domains{};  ///< sorted by name, without duplicates
  StatusReload reload{};
  bool path_intercepted = false;             ///< something on the path answers in place of the nameservers
  std::vector<RecentProbe> recent_probes{};  ///< newest first
};

/// The worst is critical, then unknown, then warning. A selector that was never probed is unknown.
[[nodiscard]] checks::Status status_of(const StatusSelector& selector);
[[nodiscard]] checks::Status status_of(const StatusDomain& domain);

/// The first of the worst selectors; null when the domain has none.
[[nodiscard]] const StatusSelector* worst_selector(const StatusDomain& domain);

/// The selector's worst finding; null without any, and if it is a notice, which is no fault.
[[nodiscard]] const checks::Finding* worst_fault(const StatusSelector& selector);

/// Null when it is not watched. The results live as long as the overview.
[[nodiscard]] const StatusDomain* find_domain(const StatusOverview& overview,
                                              const config::DomainName& domain);
[[nodiscard]] const StatusSelector* find_selector(const StatusDomain& domain,
                                                  const config::Selector& selector);

/// The sort key of lists; 0 is the worst.
[[nodiscard]] int urgency(checks::Status status);

}  // namespace dkimprobe::exporters
