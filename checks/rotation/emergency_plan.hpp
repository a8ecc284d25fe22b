// The end of a key that somebody else has: it is revoked at once, and nothing waits for mail in transit.
#pragma once

#include "checks/rotation/key_ending.hpp"

namespace dkimprobe::checks {

/// The steps of an emergency; `ending` is that of the compromised key.
[[nodiscard]] RotationChange emergency_change(const RotationSituation& situation, const KeyEnding& ending);

/// Whether nothing signs with the compromised key any more, and another key signs.
[[nodiscard]] bool has_replaced(const RotationChange& emergency);

}  // namespace dkimprobe::checks
