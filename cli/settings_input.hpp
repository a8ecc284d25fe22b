// The settings file as the commands read it: with the names of the checks, and its warnings told on standard
// error.
#pragma once

#include <filesystem>

#include "config/result.hpp"
#include "config/settings.hpp"

namespace dkimprobe::cli {

[[nodiscard]] config::Result<config::Settings> load_settings(const std::filesystem::path& file);

}  // namespace dkimprobe::cli
