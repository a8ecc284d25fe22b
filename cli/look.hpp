// One look at a domain for commands that ask servers: the probe, with its progress on standard error.
#pragma once

#include <vector>

#include "cli/check_plan.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::cli {

struct Look {
  std::vector<probe::Observation> observations{};  ///< one for each selector of the target
  bool interrupted = false;                        ///< what was not seen by then is unknown
};

[[nodiscard]] Look look_at(const CheckTarget& target);

}  // namespace dkimprobe::cli
