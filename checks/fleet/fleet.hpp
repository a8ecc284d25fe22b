// The state of all targets of the daemon as one plain value, and how reports change it. A change is confirmed
// once a second probe has shown it too. Copies share what they have in common: a change replaces the state of
// its target. It does no I/O and reads no clock.
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
#include "config/basics/escape.hpp"
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

/// A maintenance window: findings in it must not alert anybody.
struct Maintenance {
  probe::WallTime until{};
  std::string reason{};  ///< raw

  friend bool operator==(const Maintenance&, const Maintenance&) = default;
};

/// A target as the settings file defines it.
struct WatchedTarget {
  TargetKey key{};
  config::EscapedText group{};  ///< empty without one
  config::Role role = config::Role::active;
  std::optional<Maintenance> maintenance{};
  std::chrono::milliseconds interval{0};  ///< between two probes
};

struct TargetState {
  TargetKey key{};
  config::EscapedText group{};
  config::Role role = config::Role::active;
  std::optional<Maintenance> maintenance{};  ///< also after its end: see `in_maintenance`
  std::chrono::milliseconds interval{0};

  std::shared_ptr<const Report> report{};  ///< the confirmed report; null before the first probe
  /// Of the last probe, if it shows something that no second probe has shown yet. `report` is then from an
  /// earlier probe.
  std::shared_ptr<const Report> unconfirmed{};
  std::uint32_t unconfirmed_probes = 0;  ///< in a row
  /// The first of the last probes that all showed a new fault that may be that of a restart.
  std::optional<probe::WallTime> restart_since{};

  std::optional<probe::WallTime> last_probe{};
  std::optional<probe::WallTime> next_probe{};
  std::optional<probe::WallTime> last_change{};  ///< of the confirmed report
  std::uint64_t probes = 0;
  std::uint64_t failed_probes = 0;           ///< probes that reached no server
  std::uint32_t failed_probes_in_a_row = 0;  ///< up to the last probe
  std::optional<probe::WallTime> key_first_seen{};

  [[nodiscard]] bool confirming() const { return unconfirmed != nullptr; }
  [[nodiscard]] bool in_maintenance(probe::WallTime now) const {
    return maintenance && now < maintenance->until;
  }
};

/// The result of the last reload of settings and target files.
struct ReloadState {
  bool succeeded = true;
  probe::WallTime at{};
  probe::WallTime succeeded_at{};             ///< of the settings in use
  std::vector<config::EscapedText> errors{};  ///< the first few, with their places; empty on success
};

/// The state of the key rotation of a domain whose settings define one.
struct DomainRotation {
  config::DomainName domain{};
  std::shared_ptr<const RotationOverview> overview{};  ///< never null
};

struct Fleet {
  std::vector<std::shared_ptr<const TargetState>> targets{};  ///< sorted by key, each once; never null
  std::vector<DomainRotation> rotations{};                    ///< sorted by domain, each of them once
  ReloadState reload{};
};

/// How a report changed the state of its target.
enum class Applied : std::uint8_t {
  unchanged,    ///< it shows the confirmed state
  unconfirmed,  ///< it shows something new: another probe should follow at once
  changed,      ///< it is confirmed, and differs from the previous state
  failed,       ///< it reached no server; confirmed or not
  no_target,    ///< it is no longer watched
};

/// Replaces the targets. Targets that stay keep their state. If the role of a target changed, its next report
/// is confirmed at once, because the role changes the verdict. Of duplicate keys the first counts.
void set_targets(Fleet& fleet, std::vector<WatchedTarget> targets);

/// Applies the report of a probe. A change is confirmed if each part of it was in the report of the previous
/// probe too, or if three probes in a row differ from the confirmed report. The first report is confirmed at
/// once, and probed again unless it is ok.
[[nodiscard]] Applied apply_report(Fleet& fleet, std::shared_ptr<const Report> report);

/// Sets one part of a target's state; false when there is no such target.
bool set_next_probe(Fleet& fleet, const config::DomainName& domain, probe::WallTime next_probe);
bool set_key_first_seen(Fleet& fleet, const TargetKey& key, std::optional<probe::WallTime> first_seen);

/// Sets the rotation of its domain.
void set_rotation(Fleet& fleet, std::shared_ptr<const RotationOverview> overview);
/// Drops the rotations of all other domains.
void keep_rotations(Fleet& fleet, const std::set<config::DomainName>& of);

/// Whether the latest report of any target shows that something on the path answers in place of the
/// nameservers: this concerns the machine, not the target.
[[nodiscard]] bool path_intercepted(const Fleet& fleet);

/// Null without one. Valid until the target changes.
[[nodiscard]] const TargetState* find_target(const Fleet& fleet, const TargetKey& key);
/// Null if the settings define no rotation of the domain, or not all of its selectors have been probed yet.
[[nodiscard]] std::shared_ptr<const RotationOverview> find_rotation(const Fleet& fleet,
                                                                    const config::DomainName& domain);

}  // namespace dkimprobe::checks
