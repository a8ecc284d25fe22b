// One look at a domain: finds the zones of its selectors, asks each server of each of them, follows aliases,
// and gathers all of it in an observation a selector. It performs what the pure parts decide
// (delegation_walk, query_plan, and by way of
// questioner the attempts at each question) and decides nothing of its own but when it is complete.
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

/// A light round: each server is asked for the record alone, once.
struct QuickProbe {
  /// The observations of the last full one, whose servers are asked; see probe/schedule/quick_probe.hpp.
  /// Without one the servers are looked for first.
  std::shared_ptr<const std::vector<Observation>> last_full{};
};

class DomainProbe {
 public:
  using Finished = std::function<void(std::vector<Observation>)>;

  /// Each selector must make a name of at most 255 octets with the domain. The observations come in the
  /// selectors' order.
  DomainProbe(ProbeContext context, config::DomainName domain, std::vector<config::Selector> selectors,
              WallTime observed_at, Finished finished, std::optional<QuickProbe> light = std::nullopt);
  ~DomainProbe();
  DomainProbe(const DomainProbe&) = delete;
  DomainProbe& operator=(const DomainProbe&) = delete;

  /// `finished` is called once, within this call when there is nobody to ask. The round may be destroyed
  /// afterwards, not from inside `finished`, and before, when `finished` is not called at all.
  void start();
  /// Ends the round with what was seen so far; `finished` is called before this returns, unless it was
  /// called before.
  void interrupt();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::probe
