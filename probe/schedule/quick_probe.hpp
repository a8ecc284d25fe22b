// Completes the observation of a quick probe with what the last full probe saw, so that it can be judged like
// a full one. Pure; it decides only what still holds.
#pragma once

#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// Adds to the observation of a quick probe what it did not ask. From `last_full`, of the same selector:
/// ADSP; the exchanges about the zone of each server that answered for the same name and zone both times;
/// and, where its record is unchanged, the other exchanges about the record. If a server's answer has
/// changed, only its exchanges about the zone are carried over; if it is missing, nothing. Carried exchanges
/// began before this probe: their `started` is negative.
[[nodiscard]] Observation carry_full_facts(const Observation& last_full, Observation quick);

}  // namespace dkimprobe::probe
