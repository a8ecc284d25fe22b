// The names that most commands are about, always in this order: DOMAIN SELECTOR.
#pragma once

#include <span>
#include <string>

#include "cli/command_line/command_line.hpp"
#include "cli/command_line/flags.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// Reads DOMAIN SELECTOR..., each selector once. `names` has at least the domain; the caller decides how many
/// selectors the command takes. When a selector stands before the domain, the error has the right command.
void read_names(const Flags& flags, std::span<const std::string> names, TargetChoice& targets,
                config::Errors& errors);

}  // namespace dkimprobe::cli
