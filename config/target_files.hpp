// Target files: lists of targets that other programs write, in the form of Prometheus' file_sd, JSON or YAML.
// They are read whole and checked whole; whether they changed is a comparison of what the system says of
// them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/basics/result.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "config/settings.hpp"

namespace dkimprobe::config {

/// A target of a file.
struct FileTarget {
  DomainName domain{};
  Selector selector{};
  Role role = Role::active;
  std::optional<std::chrono::milliseconds> interval{};  ///< of its domain
  std::string where{};                                  ///< the place in the file
};

/// What tells a file from what it was before. One that cannot be looked at has no stamp but its path.
struct FileStamp {
  std::filesystem::path path{};
  std::int64_t modified_ns = 0;
  std::uint64_t bytes = 0;
  std::uint64_t inode = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// The files that the patterns (`targets/*.json`) name now, each once, sorted; one without `*`, `?` and `[`
/// is named whether it is there or not. When two lists differ, the files are to be read again.
[[nodiscard]] std::vector<FileStamp> stamp_target_files(const std::vector<std::string>& patterns);

[[nodiscard]] Result<std::vector<FileTarget>> load_targets(const std::vector<FileStamp>& files);

/// The text of one file named `name`:
///
///     [{"targets": ["example.com/s1", "example.net"], "labels": {"selector": "s2", "role": "retired"}}]
///
/// A target is a domain, and the selector after a slash or in the label `selector`. Further labels: `role`,
/// `interval`, and those that begin with `__`, which are passed over.
[[nodiscard]] Result<std::vector<FileTarget>> read_targets(std::string_view text, const std::string& name);

/// The settings with these targets as well: selectors of a domain that is there already join it. The same
/// selector twice, and two intervals for one domain, are mistakes.
[[nodiscard]] Result<Settings> add_targets(Settings settings, const std::vector<FileTarget>& targets);

}  // namespace dkimprobe::config
