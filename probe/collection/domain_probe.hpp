// One probe of a domain: finds the zones of its selectors, asks every server of each zone, follows aliases,
// and returns one observation for each selector. It carries out what the pure parts decide (delegation_walk,
// query_plan, and, through questioner, the attempts of each question). It decides itself only when the probe
// is complete.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "probe/collection/questioner.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// A quick probe: asks each server once, for the record alone.
struct QuickProbe {
  /// The observations of the last full probe, whose servers are asked; see probe/schedule/quick_probe.hpp.
  /// Without one, the servers are discovered first.
  std::shared_ptr<const std::vector<Observation>> last_full{};
};

class DomainProbe {
 public:
  using Finished = std::function<void(std::vector<Observation>)>;

  /// Selector and domain must form a name of at most 255 octets. The observations come in the order of the
  /// selectors.
  DomainProbe(ProbeContext context, config::DomainName domain, std::vector<config::Selector> selectors,
              WallTime observed_at, Finished finished, std::optional<QuickProbe> quick = std::nullopt);
  ~DomainProbe();
  DomainProbe(const DomainProbe&) = delete;
  DomainProbe& operator=(const DomainProbe&) = delete;

  /// Calls `finished` once; within this call when there is no server to ask. The probe must not be destroyed
  /// from inside `finished`. If it is destroyed before, `finished` is not called.
  void start();
  /// Ends the probe with what was seen so far. Calls `finished` before it returns, unless it was called
  /// already.
  void interrupt();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::probe
