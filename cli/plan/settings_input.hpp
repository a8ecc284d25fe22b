// Loads the settings file for the commands: with the names of the checks, and printing its warnings.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line/command_line.hpp"
#include "cli/io/output.hpp"
#include "config/basics/result.hpp"
#include "config/settings.hpp"
#include "config/settings_file.hpp"
#include "config/target_files.hpp"

namespace dkimprobe::cli {

/// Receives warnings about settings that are allowed but questionable.
using Warn = std::function<void(const config::Error&)>;

/// What a settings file may refer to, and the present time.
[[nodiscard]] config::Vocabulary settings_vocabulary();

[[nodiscard]] config::Result<config::Settings> load_settings(const std::filesystem::path& file,
                                                             const Warn& warn = print_warning);

struct LoadedSettings {
  config::Settings settings{};                    ///< with the targets of its target files
  std::vector<config::FileStamp> target_files{};  ///< their state just before they were read
};

/// Loads the files of a command that asks servers: its settings (defaults without a file), their target
/// files, and the root hints.
[[nodiscard]] config::Result<LoadedSettings> load_settings(const AskOptions& ask,
                                                           const Warn& warn = print_warning);

/// Puts the trust anchors of the file, if given, into the policy; else, unless the settings have anchors or
/// root servers of their own, the root's published keys.
[[nodiscard]] config::Result<void> load_trust_anchors(const std::optional<std::filesystem::path>& file,
                                                      config::Settings& settings);

/// Puts the lists that are named into the policy.
[[nodiscard]] config::Result<void> load_key_lists(const KeyLists& lists, config::Policy& policy);

/// A line on a settings file without errors.
[[nodiscard]] std::string settings_summary(const std::filesystem::path& file,
                                           const config::Settings& settings);

}  // namespace dkimprobe::cli
