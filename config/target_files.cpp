#include "config/target_files.hpp"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "config/basics/escape.hpp"
#include "config/basics/nearest_word.hpp"
#include "config/basics/regular_file.hpp"
#include "config/names/internationalized_name.hpp"
#include "config/options.hpp"
#include "config/yaml/yaml_tree.hpp"

namespace dkimprobe::config {
namespace {

using std::chrono::milliseconds;

class TargetReader {
 public:
  explicit TargetReader(std::string name) : name_(std::move(name)) {}

  Result<std::vector<FileTarget>> read(const YamlNode& root) {
    // An empty file may be one that is just being written, so it does not count as an empty list.
    if (is_kind(root, YamlNode::Kind::list, "a list of maps with `targets` and `labels`")) {
      for (const YamlNode& item : root.items) read_group(item);
    }
    if (errors_.empty()) return std::move(targets_);
    if (errors_.size() > most_errors) {
      const std::size_t more = errors_.size() - most_errors;
      errors_.resize(most_errors);
      errors_.push_back({name_, fmt::format("and {} more errors", more)});
    }
    return tl::unexpected(std::move(errors_));
  }

 private:
  struct Labels {
    std::optional<std::string> selector{};
    Role role = Role::active;
    std::optional<milliseconds> interval{};
  };

  [[nodiscard]] std::string where(const YamlNode& node) const {
    return fmt::format("{}:{}:{}", name_, node.place.line, node.place.column);
  }
  void wrong(const YamlNode& node, std::string message) {
    errors_.push_back({where(node), std::move(message)});
  }
  void wrong(const YamlNode& node, const Errors& errors) {
    for (const Error& each : errors)
      wrong(node, each.where.empty() ? each.message : fmt::format("`{}`: {}", each.where, each.message));
  }
  bool is_kind(const YamlNode& node, YamlNode::Kind kind, std::string_view wanted) {
    if (node.kind == kind) return true;
    wrong(node, fmt::format("{} was expected", wanted));
    return false;
  }
  void unknown_word(const YamlNode& node, std::string_view what, const std::vector<std::string>& known) {
    const std::string nearest = nearest_word(node.text, known);
    wrong(node, fmt::format("there is no {} `{}`{}", what, escape_text(node.text, 80),
                            nearest.empty() ? std::string() : fmt::format("; did you mean {}?", nearest)));
  }

  void read_group(const YamlNode& group) {
    static const std::vector<std::string> keys = {"targets", "labels"};
    if (!is_kind(group, YamlNode::Kind::map, "a map with `targets` and `labels`")) return;
    const YamlNode* targets = nullptr;
    const YamlNode* labels = nullptr;
    const std::size_t before = errors_.size();
    for (const auto& [key, value] : group.entries) {
      const YamlNode** const place = key.text == "targets"  ? &targets
                                     : key.text == "labels" ? &labels
                                                            : nullptr;
      if (place == nullptr) {
        unknown_word(key, "key", keys);
      } else if (std::exchange(*place, &value) != nullptr) {
        wrong(key, fmt::format("{} is given twice", key.text));
      }
    }
    const bool keys_read = errors_.size() == before;
    const Labels said = labels == nullptr ? Labels{} : read_labels(*labels);
    const bool labels_read = errors_.size() == before;
    if (targets == nullptr) {
      // An unknown key may be the missing one, misspelt.
      if (keys_read) wrong(group, "targets is missing: a list of domains with their selectors");
      return;
    }
    if (!is_kind(*targets, YamlNode::Kind::list, "a list of targets such as example.com/s1")) return;
    for (const YamlNode& target : targets->items) read_target(target, said, labels_read);
  }

  Labels read_labels(const YamlNode& node) {
    static const std::vector<std::string> keys = {"selector", "role", "interval"};
    Labels labels;
    if (node.kind == YamlNode::Kind::nothing) return labels;
    if (!is_kind(node, YamlNode::Kind::map, "a map of labels")) return labels;
    std::set<std::string_view> seen;
    for (const auto& [key, value] : node.entries) {
      if (key.text.starts_with("__")) continue;
      if (!seen.insert(key.text).second)
        wrong(key, fmt::format("{} is given twice", escape_text(key.text, 80)));
      if (std::ranges::find(keys, key.text) == keys.end()) {
        unknown_word(key, "label", keys);
      } else if (!is_kind(value, YamlNode::Kind::text, "a single value")) {
        continue;
      } else if (key.text == "selector") {
        labels.selector = value.text;
      } else if (key.text == "role") {
        if (const auto role = parse_role(value.text)) {
          labels.role = *role;
        } else {
          unknown_word(value, "role", {"pending", "active", "standby", "retired"});
        }
      } else {
        labels.interval = read_interval(value);
      }
    }
    return labels;
  }

  std::optional<milliseconds> read_interval(const YamlNode& value) {
    Settings settings;
    const auto option = std::ranges::find(schedule_options(), "interval", &Option::key);
    if (const auto set = set_option(*option, value.text, "interval", settings); !set) {
      wrong(value, set.error());
      return std::nullopt;
    }
    return settings.interval;
  }

  void read_target(const YamlNode& node, const Labels& labels, bool labels_read) {
    if (!is_kind(node, YamlNode::Kind::text, "a target such as example.com/s1")) return;
    const std::string_view text = node.text;
    // A URL is passed on whole, for a better error message.
    const std::size_t slash =
        text.find("://") == std::string_view::npos ? text.find('/') : std::string_view::npos;
    const auto domain = read_domain(text.substr(0, slash));
    if (!domain) return wrong(node, domain.error());
    std::string_view selector_text;
    if (slash != std::string_view::npos) {
      if (labels.selector)
        return wrong(node, "the selector is given twice: after the slash and in the label `selector`");
      selector_text = text.substr(slash + 1);
    } else if (labels.selector) {
      selector_text = *labels.selector;
    } else {
      // If the labels have errors, the missing selector may be one of them, already reported.
      if (labels_read)
        wrong(node, fmt::format("the selector is missing: write {}/SELECTOR, or give the label `selector`",
                                domain->to_string()));
      return;
    }
    const auto selector = Selector::parse(selector_text);
    if (!selector) return wrong(node, selector.error());
    if (const auto owner = selector->owner_name(*domain); !owner) return wrong(node, owner.error());
    targets_.push_back({*domain, *selector, labels.role, labels.interval, where(node)});
  }

  std::string name_;
  std::vector<FileTarget> targets_{};
  Errors errors_{};
};

}  // namespace

std::vector<FileStamp> stamp_target_files(const std::vector<std::string>& patterns) {
  std::set<std::string> paths;
  for (const std::string& pattern : patterns) {
    glob_t found{};
    if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
      for (std::size_t i = 0; i < found.gl_pathc; ++i) paths.insert(found.gl_pathv[i]);
    } else if (pattern.find_first_of("*?[") == std::string::npos) {
      paths.insert(pattern);
    }
    ::globfree(&found);
  }
  std::vector<FileStamp> stamps;
  for (const std::string& path : paths) {
    FileStamp& stamp = stamps.emplace_back();
    stamp.path = path;
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) continue;
    stamp.modified_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
    stamp.bytes = static_cast<std::uint64_t>(status.st_size);
    stamp.inode = status.st_ino;
  }
  return stamps;
}

Result<std::vector<FileTarget>> load_targets(const std::vector<FileStamp>& files) {
  std::vector<FileTarget> targets;
  Errors errors;
  std::uint64_t bytes = 0;
  for (const FileStamp& stamp : files) {
    const std::string name = escape_text(stamp.path.string());
    bytes += stamp.bytes;
    if (bytes > most_target_bytes) {
      errors.push_back({name, "with this file, the target files together are larger than 64 MiB"});
      break;
    }
    auto read = read_regular_file(stamp.path, longest_yaml_bytes, "target", "targets")
                    .and_then([&](const std::string& text) { return read_targets(text, name); });
    if (read) {
      std::ranges::move(*read, std::back_inserter(targets));
    } else {
      std::ranges::move(read.error(), std::back_inserter(errors));
    }
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return targets;
}

Result<std::vector<FileTarget>> read_targets(std::string_view text, const std::string& name) {
  return read_yaml(text, name).and_then([&](const YamlNode& root) { return TargetReader(name).read(root); });
}

Result<Settings> add_targets(Settings settings, const std::vector<FileTarget>& targets) {
  std::map<DomainName, std::size_t> places;
  for (std::size_t i = 0; i < settings.domains.size(); ++i) places.emplace(settings.domains[i].domain, i);
  const std::size_t of_settings = settings.domains.size();
  // The places in the files that give each selector and the interval of each domain.
  std::map<std::pair<DomainName, Selector>, std::string> said;
  std::map<DomainName, std::pair<milliseconds, std::string>> intervals;
  Errors errors;
  for (const FileTarget& target : targets) {
    const auto [place, is_new] = places.try_emplace(target.domain, settings.domains.size());
    if (is_new) {
      DomainSettings& added = settings.domains.emplace_back();
      added.domain = target.domain;
      added.interval = settings.interval;
      added.rotation.times = settings.rotation;
    }
    DomainSettings& domain = settings.domains[place->second];
    const auto [known, first] = said.try_emplace({target.domain, target.selector}, target.where);
    if (!first) {
      errors.push_back(
          {target.where, fmt::format("the selector {} of {} is already listed at {}",
                                     target.selector.to_string(), target.domain.to_string(), known->second)});
      continue;
    }
    if (std::ranges::find(domain.selectors, target.selector, &SelectorSettings::selector) !=
        domain.selectors.end()) {
      errors.push_back({target.where, fmt::format("the selector {} of {} is already in the settings file",
                                                  target.selector.to_string(), target.domain.to_string())});
      continue;
    }
    if (target.interval) {
      const auto [interval, is_first] = intervals.try_emplace(target.domain, *target.interval, target.where);
      if (place->second < of_settings) {
        errors.push_back({target.where, fmt::format("the interval of {} is set in the settings file",
                                                    target.domain.to_string())});
      } else if (!is_first && interval->second.first != *target.interval) {
        errors.push_back({target.where, fmt::format("the interval of {} differs from the one at {}",
                                                    target.domain.to_string(), interval->second.second)});
      }
      domain.interval = *target.interval;
    }
    SelectorSettings& selector = domain.selectors.emplace_back();
    selector.selector = target.selector;
    selector.role = target.role;
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return settings;
}

}  // namespace dkimprobe::config
