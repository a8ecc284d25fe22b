// Parses YAML text into a tree of values with their places, bounded in size and depth. Anchors, aliases and
// tags, which could make a small text large or change types, are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/basics/result.hpp"

namespace dkimprobe::config {

struct YamlPlace {
  std::uint32_t line = 1;  ///< both count from 1
  std::uint32_t column = 1;
};

struct YamlEntry;

struct YamlNode {
  enum class Kind : std::uint8_t { nothing, text, list, map };

  Kind kind = Kind::nothing;
  YamlPlace place{};
  std::string text{};              ///< raw
  std::vector<YamlNode> items;     ///< of a list
  std::vector<YamlEntry> entries;  ///< of a map, in order, repeated keys included
};

struct YamlEntry {
  YamlNode key;
  YamlNode value;
};

/// Limits of a settings file.
inline constexpr std::size_t longest_yaml_bytes = 4U << 20U;
inline constexpr std::size_t deepest_yaml = 32;
inline constexpr std::size_t most_yaml_nodes = 500'000;

struct YamlError {
  YamlPlace place{};
  std::string message{};
};

/// Parses the only document of a text, which the caller bounds.
[[nodiscard]] tl::expected<YamlNode, YamlError> parse_yaml(std::string_view text);

/// The same for a file of settings. Returns the first error, at `name:LINE:COLUMN`.
[[nodiscard]] Result<YamlNode> read_yaml(std::string_view text, const std::string& name);

}  // namespace dkimprobe::config
