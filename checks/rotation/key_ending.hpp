// The end of a key that no longer signs: the wait for mail in transit, its removal, and its expiry from
// caches.
#pragma once

#include "checks/rotation/rotation_situation.hpp"

namespace dkimprobe::checks {

/// A key that no longer signs, with all that is known about its end.
struct KeyEnding {
  const SelectorView* view = nullptr;
  OldKey facts{};
  GoneVerdict gone{};
  bool removed_somewhere = false;
};

[[nodiscard]] KeyEnding ending_of(const RotationSituation& situation, const SelectorView& view);

/// The steps of the change away from the key.
[[nodiscard]] RotationChange closing_change(const RotationSituation& situation, const KeyEnding& ending);

}  // namespace dkimprobe::checks
