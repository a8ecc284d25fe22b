// Finds the zone that holds a name and the nameservers of that zone, as a pure decision: it says which server
// to ask what, is told how that went, and at the end gives a `Delegation`. It opens no socket and reads no
// clock.
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

/// One walk from the deepest zone that the cache knows (else from the root servers of the settings) down to
/// the zone of `target`. Every server of every zone on this way is asked, so that the result has each path
/// that a resolver can take. A driver repeats: perform what `next` gives, report each by `finished`, until
/// `done`; and calls `next` again at `wake` when nothing happens before. Every question is for a suffix of
/// the target, or for a suffix of the name of a nameserver that was met on the way; the target's own name is
/// asked for NS alone, of the servers that could hold it.
class DelegationWalk {
 public:
  /// `settings` and `cache` must outlive the walk. The time allowed for discovery begins at `now`.
  DelegationWalk(config::DomainName target, const config::ProbeSettings& settings, ZoneCache& cache,
                 RegistryUse use, MonotonicTime now);
  ~DelegationWalk();
  DelegationWalk(DelegationWalk&&) noexcept;
  DelegationWalk& operator=(DelegationWalk&&) noexcept;
  DelegationWalk(const DelegationWalk&) = delete;
  DelegationWalk& operator=(const DelegationWalk&) = delete;

  /// What to start now. Empty while what is under way must end first, and when the walk is done.
  [[nodiscard]] std::vector<WalkQuestion> next(MonotonicTime now);
  /// How a question went: the exchange that decided it. A ticket that is not under way is ignored, so that
  /// late calls after the end do no harm.
  void finished(std::uint32_t ticket, const Exchange& exchange, MonotonicTime now);
  /// Nothing more will be asked and the result is ready; what is still under way can be given up.
  [[nodiscard]] bool done() const;
  /// When `next` has something to say although nothing happened: at the latest when the time for discovery
  /// ends.
  [[nodiscard]] MonotonicTime wake() const;
  /// Ends the walk: the result holds what was found so far, with the outcome `interrupted`.
  void interrupt();
  /// The result; to be called once, when `done`.
  [[nodiscard]] Delegation take_result();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::probe
