// A probe of a domain as one blocking call, with real sockets and an engine of its own. For the commands that
// probe at once.
#pragma once

#include <functional>
#include <vector>

#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "config/settings.hpp"
#include "probe/collection/send_queue.hpp"
#include "probe/collection/server_cache.hpp"
#include "probe/discovery/zone_cache.hpp"
#include "probe/observation.hpp"
#include "probe/transport/event_loop.hpp"
#include "probe/transport/query_engine.hpp"
#include "probe/transport/random_bits.hpp"

namespace dkimprobe::probe {

class DomainProbe;

class Prober {
 public:
  /// `wall_now` gives the time at which a probe begins and ends.
  Prober(config::ProbeSettings settings, std::function<WallTime()> wall_now);
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  /// Probes at least one selector of a domain and waits until the probe is complete, interrupted, or at its
  /// time limit. Selector and domain must form a name of at most 255 octets.
  [[nodiscard]] std::vector<Observation> observe(const config::DomainName& domain,
                                                 const std::vector<config::Selector>& selectors);

  /// Ends `observe` early, even if it has not begun yet; it then returns what it saw. From any thread.
  void interrupt();

 private:
  config::ProbeSettings settings_;
  std::function<WallTime()> wall_now_;
  EventLoop loop_{};
  QueryEngine engine_{loop_.sockets(), one_use_sockets};
  ZoneCache zones_{};
  ServerMemories servers_;
  Turns turns_{engine_, servers_};
  RandomBits random_{};
  DomainProbe* probe_ = nullptr;  ///< while `observe` runs
};

}  // namespace dkimprobe::probe
