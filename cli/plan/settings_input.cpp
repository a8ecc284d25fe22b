#include "cli/plan/settings_input.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
#include "cli/io/wall_clock.hpp"
#include "config/basics/escape.hpp"
#include "config/root_hints.hpp"
#include "config/trust_anchors.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::cli {

config::Vocabulary settings_vocabulary() {
  config::Vocabulary vocabulary;
  for (const auto& check : checks::catalogue()) vocabulary.checks.emplace_back(check.name);
  vocabulary.now = wall_time();
  return vocabulary;
}

config::Result<config::Settings> load_settings(const std::filesystem::path& file, const Warn& warn) {
  auto settings = config::load_settings(file, settings_vocabulary());
  if (!settings) return settings;
  for (const auto& warning : settings->warnings) warn(warning);
  return settings;
}

config::Result<void> load_key_lists(const KeyLists& lists, config::Policy& policy) {
  config::Errors errors;
  const auto load = [&](const auto& path, const auto& read, auto& target) {
    if (!path) return;
    if (auto list = read(*path)) {
      target = std::move(*list);
    } else {
      std::ranges::move(list.error(), std::back_inserter(errors));
    }
  };
  load(lists.blocklist, config::Blocklist::open, policy.blocklist);
  load(lists.known_moduli, config::read_known_moduli, policy.known_moduli);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return {};
}

config::Result<void> load_trust_anchors(const std::optional<std::filesystem::path>& file,
                                        config::Settings& settings) {
  auto& anchors = settings.policy.trust_anchors;
  if (!file) {
    if (anchors == nullptr && settings.probe.root_servers.empty())
      anchors = std::make_shared<const config::TrustAnchors>(config::builtin_trust_anchors());
    return {};
  }
  auto read = config::read_trust_anchors(*file);
  if (!read) return tl::unexpected(std::move(read.error()));
  anchors = std::make_shared<const config::TrustAnchors>(std::move(*read));
  return {};
}

config::Result<LoadedSettings> load_settings(const AskOptions& ask, const Warn& warn) {
  LoadedSettings loaded;
  config::Settings& settings = loaded.settings;
  config::Errors errors;
  if (ask.settings_file) {
    auto read = load_settings(*ask.settings_file, warn).and_then([&](config::Settings from_file) {
      loaded.target_files = config::stamp_target_files(from_file.target_files);
      return config::load_targets(loaded.target_files)
          .and_then([&](const std::vector<config::FileTarget>& targets) {
            return config::add_targets(std::move(from_file), targets);
          });
    });
    if (read) {
      settings = std::move(*read);
    } else {
      errors = std::move(read.error());
    }
  }
  if (ask.root_hints) {
    if (auto servers = config::read_root_hints(*ask.root_hints)) {
      settings.probe.root_servers = std::move(*servers);
    } else {
      std::ranges::move(servers.error(), std::back_inserter(errors));
    }
  }
  if (auto read = load_key_lists(ask.key_lists, settings.policy); !read)
    std::ranges::move(read.error(), std::back_inserter(errors));
  if (auto read = load_trust_anchors(ask.trust_anchor, settings); !read)
    std::ranges::move(read.error(), std::back_inserter(errors));
  if (settings.probe.root_servers.empty()) settings.probe.root_servers = config::builtin_root_servers();
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return loaded;
}

std::string settings_summary(const std::filesystem::path& file, const config::Settings& settings) {
  std::size_t selectors = 0;
  for (const auto& domain : settings.domains) selectors += domain.selectors.size();
  return fmt::format("{}: {}, {}, no errors\n", config::escape_text(file.string()),
                     exporters::counted(settings.domains.size(), "domain"),
                     exporters::counted(selectors, "selector"));
}

}  // namespace dkimprobe::cli
