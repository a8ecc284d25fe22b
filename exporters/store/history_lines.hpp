// The stored form of a history: for each selector of a domain one `Lines`, and one more for the zones of the
// domain. Adding probes to them is pure: nothing is read or written here.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "checks/history/history.hpp"
#include "exporters/store/history_store.hpp"

namespace dkimprobe::exporters {

/// The answers for a selector, or the past of a domain's zones.
struct Lines {
  std::optional<probe::WallTime> first_probe{};
  std::optional<probe::WallTime> last_probe{};
  std::vector<checks::ServerTimeline> servers{};
  std::vector<checks::ZoneTimeline> zones{};
};

/// Stands for the zones of a domain, which belong to no selector.
[[nodiscard]] const config::Selector& zones_row();

[[nodiscard]] Lines lines_of(checks::ZonePast past);
[[nodiscard]] checks::ZonePast past_of(Lines lines);
/// Without its `past`.
[[nodiscard]] checks::SelectorHistory history_of(const config::DomainName& domain,
                                                 const config::Selector& selector, Lines lines);

/// The probe of one selector: its own, or the one of the signing practices that came with it.
struct SelectorProbe {
  config::Selector selector{};
  const probe::Observation* observation = nullptr;
};

/// Of one domain: for each selector, and for `zones_row`.
using DomainLines = std::map<config::Selector, Lines>;

/// Adds the probes of one domain, and drops what exceeds the limits. `lines` has an entry for each selector
/// of the probes, and for `zones_row`.
void add_probes(DomainLines& lines, std::span<const SelectorProbe> probes, probe::WallTime now,
                const HistoryLimits& limits);

}  // namespace dkimprobe::exporters
