// Light rounds between full ones: what the last full round saw is carried into the observation of a light
// one, so that it can be judged as a whole. Pure; it decides only what still holds.
#pragma once

#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// The observation of a light round with what a light round does not ask. From `last_full`, of the same
/// selector: ADSP; of each server that answered for the same name and zone now as
/// then, the exchanges about the zone; and where its record is unchanged, those that asked for it in other
/// ways. Of a server whose answer is another one, or is missing, nothing is carried but the zone's exchanges,
/// or nothing at all. What was carried began before this look: its `started` is negative.
[[nodiscard]] Observation carry_full_facts(const Observation& last_full, Observation light);

}  // namespace dkimprobe::probe
