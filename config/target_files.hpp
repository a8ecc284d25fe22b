// Target files: lists of targets written by other programs, in the format of Prometheus' file_sd, JSON or
// YAML. Each is read and checked as a whole; changes are detected from file metadata.
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

/// Metadata by which a change of a file is detected; only the path if the file cannot be accessed.
struct FileStamp {
  std::filesystem::path path{};
  std::int64_t modified_ns = 0;
  std::uint64_t bytes = 0;
  std::uint64_t inode = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// The files that match the patterns (`targets/*.json`) now, sorted and without duplicates; a pattern without
/// `*`, `?` and `[` is included even if the file does not exist. If two results differ, read the files again.
[[nodiscard]] std::vector<FileStamp> stamp_target_files(const std::vector<std::string>& patterns);

/// How large all files together may be.
inline constexpr std::uint64_t most_target_bytes = 64U << 20U;

[[nodiscard]] Result<std::vector<FileTarget>> load_targets(const std::vector<FileStamp>& files);

/// Parses the text of one file named `name`:
///
///     [{"targets": ["example.com/s1", "example.net"], "labels": {"selector": "s2", "role": "retired"}}]
///
/// A target is a domain with its selector after a slash or in the label `selector`. Other labels: `role`,
/// `interval`, and labels that begin with `__`, which are ignored.
[[nodiscard]] Result<std::vector<FileTarget>> read_targets(std::string_view text, const std::string& name);

/// Adds these targets to the settings; selectors of a known domain are added to it. A duplicate selector, and
/// two intervals for one domain, are errors.
[[nodiscard]] Result<Settings> add_targets(Settings settings, const std::vector<FileTarget>& targets);

}  // namespace dkimprobe::config
