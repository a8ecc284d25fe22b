// The settings file as the commands read it: with the names of the checks, and its warnings told.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "cli/command_line/command_line.hpp"
#include "config/basics/result.hpp"
#include "config/settings.hpp"
#include "config/target_files.hpp"

namespace dkimprobe::cli {

/// Who is told of what is allowed and yet worth telling.
using Warn = std::function<void(const config::Error&)>;
/// On standard error, for a person.
void print_warning(const config::Error& warning);

[[nodiscard]] config::Result<config::Settings> load_settings(const std::filesystem::path& file,
                                                             const Warn& warn = print_warning);

struct LoadedSettings {
  config::Settings settings{};                    ///< with the targets of its target files
  std::vector<config::FileStamp> target_files{};  ///< as they were just before they were read
};

/// The files that a command which asks servers names: its settings, the defaults without, with their target
/// files, and where the search for servers starts.
[[nodiscard]] config::Result<LoadedSettings> load_settings(const CheckCommand& command,
                                                           const Warn& warn = print_warning);

}  // namespace dkimprobe::cli
