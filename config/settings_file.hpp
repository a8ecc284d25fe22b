// The settings file in YAML. It is read and checked as a whole, so that all errors are reported at once, each
// with its line. Opens the files that the settings name (keys, root hints); asks no server.
// config/example.yaml explains every key.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/basics/result.hpp"
#include "config/settings.hpp"

namespace dkimprobe::config {

/// What the settings are checked against but this folder does not know.
struct Vocabulary {
  std::vector<std::string> checks{};
  std::optional<WallTime> now{};  ///< past events cannot be after it; without it, any time is accepted
};

/// Reads the file. Paths in it are relative to its folder.
[[nodiscard]] Result<Settings> load_settings(const std::filesystem::path& path, const Vocabulary& vocabulary);

/// The same from memory, as if `text` were a file at `path`.
[[nodiscard]] Result<Settings> read_settings(std::string_view text, const std::filesystem::path& path,
                                             const Vocabulary& vocabulary);

}  // namespace dkimprobe::config
