// Finds the zone that holds a name and the nameservers of that zone, as a pure decision: it says which server
// to ask what, is told how that went, and at the end gives a `Delegation`. It opens no socket and reads no
// clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "config/address.hpp"
#include "config/domain_name.hpp"
#include "config/settings.hpp"
#include "probe/observation.hpp"
#include "probe/zone_cache.hpp"

namespace dkimprobe::probe {

/// One walk from the deepest zone that the cache knows (else from the root servers of the settings) down to
/// the zone of `target`. A driver repeats: perform what `next` gives, report each by `finished`, until
/// `done`. Every question is for a suffix of the target, or for a suffix of the name of a nameserver that was
/// met on the way; the target's own name is asked for NS alone, of the servers that could hold it.
class DelegationWalk {
 public:
  /// One question for one server, to be asked with RD=0 over UDP, and over TCP when the answer has TC=1.
  struct AskServer {
    std::uint32_t ticket = 0;  ///< to be given back with `finished`; never used twice in one walk
    config::ServerAddress server{};
    config::DomainName zone{};  ///< whose server it is asked as
    config::DomainName name{};
    RecordType type = RecordType::ns;
    Purpose purpose = Purpose::cut;  ///< `cut` or `host_address`
    std::uint8_t attempts = 1;       ///< over UDP, each with twice the wait of the one before
    std::chrono::milliseconds first_wait{0};
  };

  /// `settings` and `cache` must outlive the walk. The time allowed for discovery begins at `now`.
  DelegationWalk(config::DomainName target, const config::ProbeSettings& settings, ZoneCache& cache,
                 MonotonicTime now);
  ~DelegationWalk();
  DelegationWalk(DelegationWalk&&) noexcept;
  DelegationWalk& operator=(DelegationWalk&&) noexcept;
  DelegationWalk(const DelegationWalk&) = delete;
  DelegationWalk& operator=(const DelegationWalk&) = delete;

  /// What to start now. Empty while what is under way must end first, and when the walk is done.
  [[nodiscard]] std::vector<AskServer> next(MonotonicTime now);
  /// How a question went: the exchange that decides (that over TCP when there was one). A ticket that is not
  /// under way is ignored, so that late calls after the end do no harm.
  void finished(std::uint32_t ticket, const Exchange& exchange, MonotonicTime now);
  /// Nothing more will be asked and the result is ready; what is still under way can be given up.
  [[nodiscard]] bool done() const;
  /// When the time for discovery ends: a call of `next` at or after it makes the walk done.
  [[nodiscard]] MonotonicTime deadline() const;
  /// Ends the walk: the result holds what was found so far, with the outcome `interrupted`.
  void interrupt();
  /// The result; to be called once, when `done`.
  [[nodiscard]] Delegation take_result();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::probe
