// A probe of a domain as one blocking call, with real sockets and an engine of its own. For the commands that
// probe at once.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "config/settings.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

class Prober {
 public:
  /// `wall_now` gives the time at which a probe begins and ends.
  Prober(config::ProbeSettings settings, std::function<WallTime()> wall_now);
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  /// Probes at least one selector of a domain and waits until the probe is complete, interrupted, or at its
  /// time limit. Selector and domain must form a name of at most 255 octets.
  [[nodiscard]] std::vector<Observation> observe(const config::DomainName& domain,
                                                 const std::vector<config::Selector>& selectors);

  /// Ends `observe` early, even if it has not begun yet; it then returns what it saw. From any thread.
  void interrupt();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::probe
