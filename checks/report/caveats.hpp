// What no probe of authoritative servers can know, and why: one table, for the limits of a verdict and for
// people who read about them.
#pragma once

#include <span>
#include <string_view>

namespace dkimprobe::checks {

struct Caveat {
  std::string_view text{};                ///< a sentence
  std::string_view why{};                 ///< sentences: the cause, and what to do about it if anything
  bool only_with_removed_server = false;  ///< it applies only if a server of the zone was removed
};

/// All of them in their fixed order.
[[nodiscard]] std::span<const Caveat> caveats();

}  // namespace dkimprobe::checks
