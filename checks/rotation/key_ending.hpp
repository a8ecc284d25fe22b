// The end of a key that signs no longer: the time for mail in transit, its removal, and its last copy in a
// cache.
#pragma once

#include "checks/rotation/rotation_situation.hpp"

namespace dkimprobe::checks {

/// A key that signs no longer, with all that is known of its end.
struct KeyEnding {
  const SelectorView* view = nullptr;
  OldKey facts{};
  GoneVerdict gone{};
  bool removed_somewhere = false;
};

[[nodiscard]] KeyEnding ending_of(const RotationSituation& situation, const SelectorView& view);

/// Whether nothing is left to do or to wait for.
[[nodiscard]] bool is_over(const KeyEnding& ending);

/// What is left of the change away from the key.
[[nodiscard]] RotationChange closing_change(const RotationSituation& situation, const KeyEnding& ending);

}  // namespace dkimprobe::checks
