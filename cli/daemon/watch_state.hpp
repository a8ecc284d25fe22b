// The state of the daemon: the state of every target, their histories and the progress of rotations, updated
// by finished probes. Callable from any thread. It asks no server, stores nothing and reads no clock.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "checks/fleet/fleet.hpp"
#include "checks/history/history.hpp"
#include "checks/history/key_occurrences.hpp"
#include "checks/rotation/rotation_plan.hpp"
#include "checks/weakness/rsa_weakness.hpp"
#include "checks/weakness/shared_factor.hpp"
#include "cli/daemon/watch_list.hpp"
#include "probe/schedule/scheduler.hpp"

namespace dkimprobe::cli {

/// When to plan a rotation again even without a new probe: at the next of its times, after an hour at the
/// latest.
[[nodiscard]] probe::WallTime next_plan(const checks::RotationOverview& overview);

class WatchState {
 public:
  using History = std::shared_ptr<const checks::SelectorHistory>;

  /// The targets of the list that have no history here.
  [[nodiscard]] std::vector<checks::TargetKey> unknown_targets(const WatchList& list) const;

  /// Replaces the targets; those that stay keep their state and history. `stored` has the histories of new
  /// ones.
  void replace(std::shared_ptr<const WatchList> list, std::map<checks::TargetKey, History> stored,
               probe::WallTime now);
  void set_reload(checks::ReloadState reload);

  /// Judges a finished probe. One call at a time.
  [[nodiscard]] probe::ProbeVerdict take(const probe::FinishedProbe& probe, probe::WallTime now);
  void set_next_probe(const config::DomainName& domain, probe::WallTime next);

  [[nodiscard]] std::shared_ptr<const WatchList> list() const;
  /// Null when the target has no history.
  [[nodiscard]] History history(const checks::TargetKey& key) const;
  /// The other watched names at which a selector's keys are published, or keys that share a factor with them.
  [[nodiscard]] checks::KeyPlaces elsewhere(const checks::TargetKey& key,
                                            const checks::SelectorHistory& history) const;
  /// A snapshot of the state of all targets. It never changes; the first call after an update makes another.
  [[nodiscard]] std::shared_ptr<const checks::Fleet> fleet(probe::WallTime now);

 private:
  struct Rotation {
    checks::RotationInput input{};
    probe::WallTime next_plan = probe::WallTime::max();
  };
  struct Judged {
    const probe::Observation* observation = nullptr;
    checks::SelectorHistory history{};  ///< with the observation
    std::shared_ptr<const checks::Report> report{};
    checks::ProbedSelector probed{};
  };
  using JudgedTargets = std::map<checks::TargetKey, Judged>;

  [[nodiscard]] JudgedTargets judge(const probe::FinishedProbe& probe, const WatchList& list,
                                    probe::WallTime now);
  void set_places(const checks::TargetKey& key, std::vector<checks::KeyPlace> places);
  /// The histories of the probed targets, extended by the probe; also updates the past of the domain's zones.
  [[nodiscard]] JudgedTargets extend(const probe::FinishedProbe& probe, const WatchList& list,
                                     probe::WallTime now);
  [[nodiscard]] probe::ProbeVerdict apply(const JudgedTargets& judged);
  /// Puts what the probe saw of the domain's selectors into its rotation.
  void update(Rotation& rotation, const config::DomainName& domain, const JudgedTargets& judged);
  /// Does nothing until each selector has been probed.
  void plan(Rotation& rotation, probe::WallTime now);

  mutable std::mutex mutex_{};
  std::shared_ptr<const WatchList> list_ = std::make_shared<const WatchList>();
  checks::Fleet fleet_{};
  std::shared_ptr<const checks::Fleet>
      published_{};  ///< a copy of `fleet_`; null after a change until it is read
  std::map<checks::TargetKey, checks::SelectorHistory> histories_{};  ///< without the past of zones
  std::map<checks::TargetKey, std::vector<checks::KeyPlace>> places_{};
  checks::ModulusPool moduli_{};                            ///< of every key that was seen
  checks::ExaminedKeys examined_{};                         ///< used by `judge` alone, without the lock
  std::map<config::DomainName, checks::ZonePast> pasts_{};  ///< of the zones of each domain
  std::map<config::DomainName, Rotation> rotations_{};
};

}  // namespace dkimprobe::cli
