// One look at a domain for commands that ask servers: the files that they read first, and the probe with its
// progress on standard error.
#pragma once

#include <vector>

#include "cli/check_plan.hpp"
#include "cli/command_line.hpp"
#include "config/result.hpp"
#include "config/settings.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::cli {

/// The settings file and the root hints of the command; without them the defaults and the root servers that
/// are built in.
[[nodiscard]] config::Result<config::Settings> read_files(const CheckCommand& command);

struct Look {
  std::vector<probe::Observation> observations{};  ///< one for each selector of the target
  bool interrupted = false;                        ///< what was not seen by then is unknown
};

[[nodiscard]] Look look_at(const CheckTarget& target);

}  // namespace dkimprobe::cli
