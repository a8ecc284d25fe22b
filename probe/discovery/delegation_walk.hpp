// Finds the zone that holds a name and the nameservers of that zone. Pure: it returns the questions to ask,
// gets their outcomes, and finally returns a `Delegation`. It opens no socket and reads no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "config/names/domain_name.hpp"
#include "config/settings.hpp"
#include "probe/discovery/walk_board.hpp"
#include "probe/discovery/zone_cache.hpp"
#include "probe/discovery/zone_survey.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// One walk from the deepest cached zone (or from the root servers of the settings) down to the zone of
/// `target`. It asks every server of every zone on the path, so that the result has each path that a resolver
/// can take. The caller asks what `next` returns and reports each result by `finished`, until `done`; it
/// calls `next` again at `wake` if nothing happens before. Every question is for a suffix of the target or of
/// a nameserver name found on the path. The target's own name is asked only for NS, and only of servers that
/// could hold it.
class DelegationWalk {
 public:
  /// `settings` and `cache` must outlive the walk. The discovery timeout starts at `now`.
  DelegationWalk(config::DomainName target, const config::ProbeSettings& settings, ZoneCache& cache,
                 RegistryUse use, MonotonicTime now);
  ~DelegationWalk();
  DelegationWalk(DelegationWalk&&) noexcept;
  DelegationWalk& operator=(DelegationWalk&&) noexcept;
  DelegationWalk(const DelegationWalk&) = delete;
  DelegationWalk& operator=(const DelegationWalk&) = delete;

  /// The questions to ask now. Empty while questions under way must end first, and when the walk is done.
  [[nodiscard]] std::vector<WalkQuestion> next(MonotonicTime now);
  /// Reports the deciding exchange of a question. Ignores a ticket that is not under way, so late calls after
  /// the end do no harm.
  void finished(std::uint32_t ticket, const Exchange& exchange, MonotonicTime now);
  /// The result is ready and nothing more will be asked; questions still under way can be given up.
  [[nodiscard]] bool done() const;
  /// When to call `next` even if nothing happens before; at the latest when the discovery timeout ends.
  [[nodiscard]] MonotonicTime wake() const;
  /// Ends the walk. The result holds what was found so far, with the outcome `interrupted`.
  void interrupt();
  /// The result. Call it once, when `done`.
  [[nodiscard]] Delegation take_result();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::probe
