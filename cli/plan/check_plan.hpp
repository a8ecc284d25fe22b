// What the command `check` probes and expects: the command line combined with the settings file, which flags
// override. Nothing here opens a file or asks a server.
#pragma once

#include <span>
#include <vector>

#include "checks/history/safe_times.hpp"
#include "checks/judgement/judge.hpp"
#include "checks/message/signature_field.hpp"
#include "cli/command_line/command_line.hpp"
#include "config/basics/result.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "config/settings.hpp"

namespace dkimprobe::cli {

/// One domain with its selectors and how it is asked.
struct CheckTarget {
  config::DomainName domain{};
  std::vector<config::Selector> selectors{};        ///< at least one
  std::vector<checks::Expectation> expectations{};  ///< one for each selector
  config::ProbeSettings probe{};                    ///< root servers are empty unless the file gives them
  checks::Policy policy{};                          ///< with the retention of the domain
};

struct CheckPlan {
  std::vector<CheckTarget> targets{};
};

/// The inputs for the safe times of the target's rotation.
[[nodiscard]] checks::RotationPolicy rotation_policy(const CheckTarget& target);

/// Returns at least one target. `settings` are those of the file, or the defaults without one. Errors concern
/// what neither the command line nor the file gives.
[[nodiscard]] config::Result<CheckPlan> plan_check(const TargetChoice& choice, const AskOptions& ask,
                                                   const config::Settings& settings);

/// The same for the keys that the signatures of a message name, each key once; no target when they name none.
[[nodiscard]] config::Result<CheckPlan> plan_message(const CheckCommand& command,
                                                     const config::Settings& settings,
                                                     std::span<const checks::SignatureField> signatures);

}  // namespace dkimprobe::cli
