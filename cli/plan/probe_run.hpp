// One probe of a domain, with its progress on standard error.
#pragma once

#include <vector>

#include "cli/io/exit_code.hpp"
#include "cli/plan/check_plan.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::cli {

struct ProbeResult {
  std::vector<probe::Observation> observations{};  ///< one for each selector of the target
  bool interrupted = false;                        ///< whatever was not probed yet is unknown
};

/// `insisted` is the exit code when the process is interrupted twice.
[[nodiscard]] ProbeResult run_probe(const CheckTarget& target, ExitCode insisted = ExitCode::interrupted);

}  // namespace dkimprobe::cli
