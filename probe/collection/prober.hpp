// The probe as one call: real sockets, an engine, and a round for a domain. What the commands that ask now
// use.
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
  /// `wall_now` tells when a look begins and ends.
  Prober(config::ProbeSettings settings, std::function<WallTime()> wall_now);
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  /// Looks at the selectors of a domain, at least one, and waits until that is complete, interrupted, or at
  /// its time limit. Each selector must make a name of at most 255 octets with the domain.
  [[nodiscard]] std::vector<Observation> observe(const config::DomainName& domain,
                                                 const std::vector<config::Selector>& selectors);

  /// Ends `observe` early, also one that has not begun; it then returns what it saw. From any thread.
  void interrupt();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::probe
