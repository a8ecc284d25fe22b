#include "cli/settings_input.hpp"

#include <chrono>
#include <cstdio>

#include <fmt/format.h>

#include "checks/catalogue.hpp"
#include "config/settings_file.hpp"

namespace dkimprobe::cli {

config::Result<config::Settings> load_settings(const std::filesystem::path& file) {
  config::Vocabulary vocabulary;
  for (const auto& check : checks::catalogue()) vocabulary.checks.emplace_back(check.name);
  vocabulary.now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  auto settings = config::load_settings(file, vocabulary);
  if (!settings) return settings;
  for (const auto& [where, message] : settings->warnings)
    fmt::print(stderr, "dkimprobe: warning: {}: {}\n", where, message);
  return settings;
}

}  // namespace dkimprobe::cli
