#include "probe/discovery/address_policy.hpp"

#include <algorithm>

#include "config/names/special_purpose.hpp"

namespace dkimprobe::probe {

NotAsked why_not_asked(const config::ProbeSettings& settings, const ZoneCache& cache, MonotonicTime now,
                       const config::Address& address, std::size_t earlier, bool named_by_operator) {
  const bool enabled = address.family() == config::Family::ipv4 ? settings.use_ipv4 : settings.use_ipv6;
  if (!enabled) return NotAsked::family_disabled;
  const bool allowed = config::special_purpose(address).empty() ||
                       std::ranges::any_of(settings.allowed_networks, [&](const config::Network& network) {
                         return network.contains(address);
                       });
  if (!allowed && !named_by_operator) return NotAsked::address_refused;
  // A special-purpose address that the operator named needs no route to the Internet.
  if (allowed && !cache.has_route(address.family(), now)) return NotAsked::no_route;
  return earlier < settings.budgets.addresses_per_zone ? NotAsked::asked : NotAsked::budget_exhausted;
}

}  // namespace dkimprobe::probe
