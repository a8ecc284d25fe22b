// The generic part of reading a YAML file of settings: values with their places and keys, maps and lists of a
// known shape, and the collection of all errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/basics/result.hpp"
#include "config/yaml/yaml_tree.hpp"

namespace dkimprobe::config {

/// A foreign value for use in a message: escaped and shortened.
[[nodiscard]] std::string shown(std::string_view text);

/// A value of the file, with the place and the key for errors about it.
struct YamlValue {
  const YamlNode* node = nullptr;
  YamlPlace place{};  ///< the place of the key if there is no value
  std::string key{};  ///< with the keys around it: `domains.selectors.role`
  YamlPlace key_place{};
};

/// A map of the file, by key.
using YamlValues = std::map<std::string, YamlValue, std::less<>>;

/// Reads the values of one file and collects the errors and warnings about them.
class YamlReader {
 public:
  /// Paths in the file are relative to `folder`.
  YamlReader(std::string name, std::filesystem::path folder)
      : name_(std::move(name)), folder_(std::move(folder)) {}

  void wrong(const YamlValue& value, std::string message);
  void wrong(const YamlValue& value, const Errors& errors);
  /// The error that the map lacks this key, unless a misspelt key that was already reported is probably it.
  void missing(const YamlValue& map, std::string_view key, std::string message);
  void warn(const YamlValue& value, std::string message);
  [[nodiscard]] std::size_t error_count() const { return error_count_; }
  /// False if the key of the map is misspelt or given twice, or its value has an error. A check that depends
  /// on the value is then skipped, since its error would only follow from the one already reported.
  [[nodiscard]] bool is_read(const YamlValue& map, std::string_view key) const;
  /// The errors by line and column, limited to the first `most_errors`.
  [[nodiscard]] Errors take_errors();
  [[nodiscard]] Errors take_warnings() { return std::move(warnings_); }

  /// The end of a sentence about a word that is not in `known`, whose words are safe to print.
  [[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string> known) const;
  /// Without `known`, every key is allowed.
  [[nodiscard]] YamlValues map_of(const YamlValue& value, std::optional<std::span<const std::string>> known,
                                  std::string_view unknown_message = "unknown key");
  [[nodiscard]] std::vector<YamlValue> list_of(const YamlValue& value);
  [[nodiscard]] std::optional<std::string_view> text_of(const YamlValue& value);
  [[nodiscard]] std::optional<std::filesystem::path> path_of(const YamlValue& value);

  /// The value of the key; null if it is left out.
  [[nodiscard]] static const YamlValue* find(const YamlValues& values, std::string_view key);

  template <class T>
  std::optional<T> take(const YamlValue& value, Result<T> result) {
    if (result) return std::move(*result);
    wrong(value, result.error());
    return std::nullopt;
  }
  /// Parses a text by a function that returns a Result.
  template <class Parse>
  auto parsed(const YamlValue& value, Parse parse)
      -> std::optional<typename decltype(parse(std::string_view{}))::value_type> {
    const auto text = text_of(value);
    if (!text) return std::nullopt;
    return take(value, parse(*text));
  }
  template <class T>
  std::optional<T> word_of(const YamlValue& value, std::optional<T> (*parse)(std::string_view),
                           std::string_view allowed) {
    const auto text = text_of(value);
    if (!text) return std::nullopt;
    auto word = parse(*text);
    if (!word) wrong(value, fmt::format("`{}` cannot be used: it must be {}", shown(*text), allowed));
    return word;
  }

 private:
  [[nodiscard]] std::string where(const YamlValue& value) const;
  [[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> known) const;
  void wrong_kind(const YamlValue& value, std::string_view wanted);

  std::string name_;
  std::filesystem::path folder_;
  /// Sorted by line and column; errors of one place in the order in which they were found.
  std::multimap<std::pair<std::uint32_t, std::uint32_t>, Error> errors_{};
  std::size_t error_count_ = 0;
  std::set<const YamlNode*> wrong_values_{};
  std::set<std::pair<const YamlNode*, std::string>>
      unclear_keys_{};  ///< with their maps; misspelt or repeated
  Errors warnings_{};   ///< in the order in which they were found
};

}  // namespace dkimprobe::config
