// Which addresses may be asked at all: one rule for the walk and for the probing of the servers that it
// finds.
#pragma once

#include "config/names/address.hpp"
#include "config/settings.hpp"
#include "probe/discovery/zone_cache.hpp"
#include "probe/observation.hpp"
#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

/// Why the address is not to be asked: its family is disabled, it is of a special-purpose network
/// (RFC 6890 section 2.2) that the settings do not allow, or this machine has no route to its family; else
/// `NotAsked::asked`.
[[nodiscard]] NotAsked why_not_asked(const config::ProbeSettings& settings, const ZoneCache& cache,
                                     const config::Address& address, MonotonicTime now);

}  // namespace dkimprobe::probe
