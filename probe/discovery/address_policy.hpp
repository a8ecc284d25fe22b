// Which addresses may be queried at all: one rule for the walk and for the servers that it finds.
#pragma once

#include "config/names/address.hpp"
#include "config/settings.hpp"
#include "probe/discovery/zone_cache.hpp"
#include "probe/observation.hpp"
#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

/// Why the address must not be queried: its family is disabled, it lies in a special-purpose network (RFC
/// 6890 section 2.2) that the settings do not permit, or this machine has no route to its family. Otherwise
/// `NotAsked::asked`.
[[nodiscard]] NotAsked why_not_asked(const config::ProbeSettings& settings, const ZoneCache& cache,
                                     const config::Address& address, MonotonicTime now);

}  // namespace dkimprobe::probe
