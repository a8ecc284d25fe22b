// The settings file as the commands read it: with the names of the checks, and its warnings told on standard
// error.
#pragma once

#include <filesystem>

#include "cli/command_line.hpp"
#include "config/result.hpp"
#include "config/settings.hpp"

namespace dkimprobe::cli {

[[nodiscard]] config::Result<config::Settings> load_settings(const std::filesystem::path& file);

/// The files that a command which asks servers names: its settings, the defaults without, and where the
/// search for servers starts.
[[nodiscard]] config::Result<config::Settings> load_settings(const CheckCommand& command);

}  // namespace dkimprobe::cli
