// The settings file: YAML, read whole and checked whole, so that all mistakes are told at once with their
// line. It opens the files that the settings name (keys, root hints) and asks no server. config/example.yaml
// shows and explains every key.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/basics/result.hpp"
#include "config/settings.hpp"

namespace dkimprobe::config {

/// What settings are read against and this folder cannot know.
struct Vocabulary {
  std::vector<std::string> checks{};
  std::optional<WallTime> now{};  ///< what happened cannot lie after it; without it any time is taken
};

/// Reads the file. Paths in it are relative to its folder.
[[nodiscard]] Result<Settings> load_settings(const std::filesystem::path& path, const Vocabulary& vocabulary);

/// The same from memory, as if `text` stood in a file at `path`.
[[nodiscard]] Result<Settings> read_settings(std::string_view text, const std::filesystem::path& path,
                                             const Vocabulary& vocabulary);

}  // namespace dkimprobe::config
