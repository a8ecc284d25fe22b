// The state of all targets of the daemon as one plain value, and how a round's reports change it. A change is
// believed once a second round has shown it too. It asks nobody, looks at no clock and prints nothing.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checks/report/report.hpp"
#include "checks/rotation/rotation_plan.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// Which selector of which domain.
struct TargetKey {
  config::DomainName domain{};
  config::Selector selector{};

  friend bool operator==(const TargetKey&, const TargetKey&) = default;
  friend auto operator<=>(const TargetKey&, const TargetKey&) = default;
};

/// Planned work: what is found meanwhile shall wake nobody.
struct Maintenance {
  probe::WallTime until{};
  std::string reason{};  ///< raw

  friend bool operator==(const Maintenance&, const Maintenance&) = default;
};

/// A target as the settings say it.
struct WatchedTarget {
  TargetKey key{};
  std::string group{};  ///< empty without one; escaped
  config::Role role = config::Role::active;
  std::optional<Maintenance> maintenance{};
  std::chrono::milliseconds interval{0};  ///< between two looks
};

struct TargetState {
  TargetKey key{};
  std::string group{};
  config::Role role = config::Role::active;
  std::optional<Maintenance> maintenance{};  ///< also after its end: see `in_maintenance`
  std::chrono::milliseconds interval{0};

  std::shared_ptr<const Report> report{};  ///< what is believed; null before the first round
  /// Of the last round, when it shows something that no second round has shown yet. The report above is then
  /// that of an earlier round.
  std::shared_ptr<const Report> unconfirmed{};
  std::uint32_t unconfirmed_probes = 0;  ///< in a row

  std::optional<probe::WallTime> last_probe{};
  std::optional<probe::WallTime> next_probe{};
  std::optional<probe::WallTime> last_change{};  ///< of what is believed
  std::uint64_t probes = 0;
  std::uint64_t failed_probes = 0;           ///< rounds that saw no server at all
  std::uint32_t failed_probes_in_a_row = 0;  ///< up to the last round
  std::optional<probe::WallTime> key_first_seen{};

  [[nodiscard]] bool confirming() const { return unconfirmed != nullptr; }
  [[nodiscard]] bool in_maintenance(probe::WallTime now) const {
    return maintenance && now < maintenance->until;
  }
};

/// How the last reading of settings and target files went.
struct ReloadState {
  bool succeeded = true;
  probe::WallTime at{};
  probe::WallTime succeeded_at{};  ///< of the settings in use
  std::string error{};             ///< the first of it, with its place; escaped; empty when it succeeded
};

/// Where the keys of a domain stand in their rotation, for domains of which the settings say one.
struct DomainRotation {
  config::DomainName domain{};
  std::shared_ptr<const RotationOverview> overview{};  ///< never null
};

struct Fleet {
  std::vector<TargetState> targets{};       ///< sorted by key, each of them once
  std::vector<DomainRotation> rotations{};  ///< sorted by domain, each of them once
  ReloadState reload{};
  std::uint64_t generation = 0;  ///< higher after each change of anything here
};

/// What a report made of the state of its target.
enum class Applied : std::uint8_t {
  unchanged,    ///< it shows what was believed
  unconfirmed,  ///< it shows something new: another round should follow at once
  changed,      ///< it is believed, and differs from what was believed before
  failed,       ///< it shows that no server was seen; believed or not
  no_target,    ///< nobody watches it any more
};

/// From now on these targets. Those that stay keep their state; one whose role changed believes its next
/// report at once, since it was judged by another measure. Of a key that is there twice the first counts.
void set_targets(Fleet& fleet, std::vector<WatchedTarget> targets);

/// A round's report. A change is believed when each part of it was in the report of the round before as well,
/// or when a third round in a row shows anything but what is believed. The first report is believed at once,
/// and to be looked at again unless it is fine.
[[nodiscard]] Applied apply_report(Fleet& fleet, std::shared_ptr<const Report> report);

/// Sets one part of a target's state; false when there is no such target.
bool set_next_probe(Fleet& fleet, const config::DomainName& domain, probe::WallTime next_probe);
bool set_key_first_seen(Fleet& fleet, const TargetKey& key, std::optional<probe::WallTime> first_seen);

/// That of its domain from now on.
void set_rotation(Fleet& fleet, std::shared_ptr<const RotationOverview> overview);
/// Forgets those of all other domains.
void keep_rotations(Fleet& fleet, const std::set<config::DomainName>& of);

void set_reload(Fleet& fleet, ReloadState reload);

/// Whether the latest report of any target says that something between answers for the nameservers: it holds
/// for this machine, not for that target.
[[nodiscard]] bool path_intercepted(const Fleet& fleet);

/// Null without one. Valid until the targets change.
[[nodiscard]] const TargetState* find_target(const Fleet& fleet, const TargetKey& key);
/// Null when the settings say no rotation of the domain, or not all of its selectors were looked at yet.
[[nodiscard]] std::shared_ptr<const RotationOverview> find_rotation(const Fleet& fleet,
                                                                    const config::DomainName& domain);

}  // namespace dkimprobe::checks
