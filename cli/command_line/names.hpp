// The names that most commands are about, always in this order: DOMAIN SELECTOR.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "cli/command_line/command_line.hpp"
#include "cli/command_line/flags.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// The error if the first name is like a selector and a later one is like a domain; it has the right command,
/// with `task` as its first word. Names may have roles.
[[nodiscard]] std::optional<config::Error> wrong_order(const Flags& flags, std::span<const std::string> names,
                                                       std::optional<std::string> task = std::nullopt);

/// Reads DOMAIN SELECTOR..., each selector once. `names` has at least the domain; the caller decides how many
/// selectors the command takes. Names in the wrong order are one error.
void read_names(const Flags& flags, std::span<const std::string> names, TargetChoice& targets,
                config::Errors& errors);

}  // namespace dkimprobe::cli
