#include "cli/settings_input.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "checks/catalogue.hpp"
#include "cli/wall_clock.hpp"
#include "config/root_hints.hpp"
#include "config/settings_file.hpp"

namespace dkimprobe::cli {

config::Result<config::Settings> load_settings(const std::filesystem::path& file) {
  config::Vocabulary vocabulary;
  for (const auto& check : checks::catalogue()) vocabulary.checks.emplace_back(check.name);
  vocabulary.now = wall_time();
  auto settings = config::load_settings(file, vocabulary);
  if (!settings) return settings;
  for (const auto& [where, message] : settings->warnings)
    fmt::print(stderr, "dkimprobe: warning: {}: {}\n", where, message);
  return settings;
}

config::Result<config::Settings> load_settings(const CheckCommand& command) {
  config::Settings settings;
  config::Mistakes mistakes;
  if (command.settings_file) {
    if (auto read = load_settings(*command.settings_file)) {
      settings = std::move(*read);
    } else {
      mistakes = std::move(read.error());
    }
  }
  if (command.root_hints) {
    if (auto servers = config::read_root_hints(*command.root_hints)) {
      settings.probe.root_servers = std::move(*servers);
    } else {
      std::ranges::move(servers.error(), std::back_inserter(mistakes));
    }
  }
  if (settings.probe.root_servers.empty()) settings.probe.root_servers = config::builtin_root_servers();
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  return settings;
}

}  // namespace dkimprobe::cli
