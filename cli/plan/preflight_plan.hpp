// What the command `preflight` probes and expects: combines the command line, the settings file and the
// operator's key. Flags override the file. Nothing here opens a file or asks a server.
#pragma once

#include <optional>

#include "checks/rotation/preflight.hpp"
#include "cli/command_line/command_line.hpp"
#include "cli/plan/check_plan.hpp"
#include "config/basics/result.hpp"
#include "config/keys/expected_key.hpp"
#include "config/settings.hpp"

namespace dkimprobe::cli {

struct PreflightPlan {
  CheckTarget target{};  ///< of one selector
  checks::SigningPlan signing{};
  checks::NextCommands next{};
};

/// `key` is the content of `--key`. Errors concern the command line.
[[nodiscard]] config::Result<PreflightPlan> plan_preflight(const PreflightCommand& command,
                                                           const config::Settings& settings,
                                                           const std::optional<config::KeyFile>& key);

}  // namespace dkimprobe::cli
