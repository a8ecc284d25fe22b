#include "probe/discovery/address_policy.hpp"

#include <algorithm>

namespace dkimprobe::probe {

NotAsked why_not_asked(const config::ProbeSettings& settings, const ZoneCache& cache,
                       const config::Address& address, MonotonicTime now) {
  const bool enabled = address.family() == config::Family::ipv4 ? settings.use_ipv4 : settings.use_ipv6;
  if (!enabled) return NotAsked::family_disabled;
  const bool allowed = config::special_purpose(address).empty() ||
                       std::ranges::any_of(settings.allowed_networks, [&](const config::Network& network) {
                         return network.contains(address);
                       });
  if (!allowed) return NotAsked::address_refused;
  return cache.has_route(address.family(), now) ? NotAsked::asked : NotAsked::no_route;
}

}  // namespace dkimprobe::probe
