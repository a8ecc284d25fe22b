// The settings file as the commands read it: with the names of the checks, and its warnings told on standard
// error.
#pragma once

#include <filesystem>
#include <vector>

#include "cli/command_line.hpp"
#include "config/result.hpp"
#include "config/settings.hpp"
#include "config/target_files.hpp"

namespace dkimprobe::cli {

[[nodiscard]] config::Result<config::Settings> load_settings(const std::filesystem::path& file);

struct LoadedSettings {
  config::Settings settings{};                    ///< with the targets of its target files
  std::vector<config::FileStamp> target_files{};  ///< as they were just before they were read
};

/// The files that a command which asks servers names: its settings, the defaults without, with their target
/// files, and where the search for servers starts.
[[nodiscard]] config::Result<LoadedSettings> load_settings(const CheckCommand& command);

}  // namespace dkimprobe::cli
