// Which addresses may be queried at all: one rule for the walk and for the servers that it finds.
#pragma once

#include <cstddef>

#include "config/names/address.hpp"
#include "config/settings.hpp"
#include "probe/discovery/zone_cache.hpp"
#include "probe/observation.hpp"
#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

/// Why the address of a zone's server must not be queried: its family is disabled, it lies in a
/// special-purpose network (RFC 6890 section 2.2) that the settings do not permit, this machine has no route
/// to its family, or the zone has enough servers with the `earlier` ones. Otherwise `NotAsked::asked`. Naming
/// a server permits its address.
[[nodiscard]] NotAsked why_not_asked(const config::ProbeSettings& settings, const ZoneCache& cache,
                                     MonotonicTime now, const config::Address& address, std::size_t earlier,
                                     bool named_by_operator = false);

}  // namespace dkimprobe::probe
