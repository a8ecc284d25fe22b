// What the rounds of this process remember of each server address: how fast it may be asked, and whether it
// copes with EDNS. Bounded: the address that was used least recently is forgotten first.
#pragma once

#include <chrono>
#include <cstddef>

#include "config/address.hpp"
#include "config/settings.hpp"
#include "probe/clock.hpp"
#include "probe/pace.hpp"
#include "probe/zone_cache.hpp"

namespace dkimprobe::probe {

struct ServerMemory {
  /// How long walks go without EDNS after a query with it was refused or lost, which may have been chance.
  static constexpr std::chrono::hours plain_life{1};

  Pace pace;
  bool answered_before = false;
  MonotonicTime plain_until = MonotonicTime::min();

  [[nodiscard]] bool is_plain_only(MonotonicTime now) const { return now < plain_until; }
};

class ServerMemories {
 public:
  explicit ServerMemories(const config::ProbeSettings& settings, std::size_t most_servers = 50'000)
      : burst_(settings.pace_burst), per_second_(settings.pace_per_second), memories_(most_servers) {}

  /// Valid until the next call.
  [[nodiscard]] ServerMemory& of(const config::ServerAddress& server, MonotonicTime now) {
    if (ServerMemory* known = memories_.find(server)) return *known;
    memories_.put(server, ServerMemory{Pace(burst_, per_second_, now)});
    return *memories_.find(server);
  }

 private:
  double burst_;
  double per_second_;
  RecentTable<config::ServerAddress, ServerMemory> memories_;
};

}  // namespace dkimprobe::probe
