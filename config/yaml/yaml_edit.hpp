// Changes single entries in the text of a YAML file and keeps the rest as it is: comments, order, quotation
// marks and line ends. A pure function of the text and of the tree that read_yaml made of it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/yaml/yaml_tree.hpp"

namespace dkimprobe::config {

/// The text as a value of YAML, in quotation marks if it needs them.
[[nodiscard]] std::string yaml_word(std::string_view text);
/// `key: value`, where the value is a text or a map of texts; the lines of the map begin with `indent`
/// spaces.
[[nodiscard]] std::string yaml_entry(std::string_view key, const YamlNode& value, std::size_t indent,
                                     std::string_view line_end = "\n");

/// The text of a YAML file, with its places. Every edit returns the new text, or nothing if this form of YAML
/// is not supported. The caller parses the new text and compares it with what it wanted.
class YamlText {
 public:
  explicit YamlText(std::string_view text);

  /// Appends a text to the list, which has an item.
  [[nodiscard]] std::optional<std::string> append(const YamlNode& list, std::string_view item) const;
  /// Turns an item of the list, a text, into a map in which it is the value of `key`.
  [[nodiscard]] std::optional<std::string> wrap(const YamlNode& list, const YamlNode& item,
                                                std::string_view key) const;
  /// Adds an entry with a new key; the value is a text or a map of texts.
  [[nodiscard]] std::optional<std::string> insert_after(const YamlNode& map, const YamlEntry& entry,
                                                        std::string_view key, const YamlNode& value) const;
  /// Gives the entry this value, a text, and this key if it differs.
  [[nodiscard]] std::optional<std::string> replace(const YamlNode& map, const YamlEntry& entry,
                                                   std::string_view key, std::string_view value) const;
  /// Removes the entry at `index`, which is not the only one. Comments on its lines remain.
  [[nodiscard]] std::optional<std::string> remove(const YamlNode& map, std::size_t index) const;

  /// Removes the item at `index` of the list, which is not the only one, with its comments.
  [[nodiscard]] std::optional<std::string> remove_item(const YamlNode& list, std::size_t index) const;

  /// The line, from 1, on which the node ends, if that can be found.
  [[nodiscard]] std::optional<std::size_t> last_line(const YamlNode& parent, const YamlNode& node) const;

 private:
  /// Where a value is written: it decides where a text ends.
  struct Context {
    bool flow = false;
    std::size_t indent = 0;  ///< of the list or map around it, in block style
  };
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  [[nodiscard]] std::size_t offset(const YamlPlace& place) const;
  [[nodiscard]] char at(std::size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }
  [[nodiscard]] bool is_flow(const YamlNode& node) const;
  /// The context of the items of a list or the entries of a map.
  [[nodiscard]] Context inside(const YamlNode& node) const;
  [[nodiscard]] std::size_t line_begin(std::size_t offset) const;
  /// Before the line end.
  [[nodiscard]] std::size_t line_stop(std::size_t offset) const;
  [[nodiscard]] std::size_t next_line(std::size_t offset) const;
  /// The first octet at or after the offset that is no space, line end, comment or comma.
  [[nodiscard]] std::size_t next_token(std::size_t offset) const;
  /// Before which octet of its line the first token begins; npos for a blank line.
  [[nodiscard]] std::size_t indent_of(std::size_t line) const;

  [[nodiscard]] std::optional<std::size_t> end_of(const YamlNode& node, const Context& context) const;
  [[nodiscard]] std::optional<std::size_t> end_of_quoted(std::size_t begin) const;
  [[nodiscard]] std::optional<std::size_t> end_of_literal(std::size_t begin, std::size_t indent) const;
  [[nodiscard]] std::size_t end_of_plain(std::size_t begin, const Context& context) const;
  [[nodiscard]] bool goes_on(std::size_t line, const Context& context) const;

  [[nodiscard]] bool find_texts(const YamlNode& node, const Context& context,
                                std::vector<Range>& texts) const;
  /// The comments on the lines of an entry.
  [[nodiscard]] std::optional<std::vector<std::string>> comments_of(const YamlEntry& entry,
                                                                    const Context& context) const;
  [[nodiscard]] std::optional<std::string> remove_lines(const YamlNode& map, std::size_t index) const;
  /// Without what is written there in flow style; nothing if a comment would be lost.
  [[nodiscard]] std::optional<std::string> without_flow(std::optional<std::size_t> begin,
                                                        std::optional<std::size_t> end) const;
  /// Without the lines from the one that begins at `begin` to the one that holds `end`.
  [[nodiscard]] std::string without_lines(std::size_t begin, std::size_t end) const;
  /// The distance between the dash before a map and its keys; 2 without a dash.
  [[nodiscard]] std::size_t step_of(const YamlNode& map) const;
  [[nodiscard]] std::string with(const Range& range, std::string_view replacement) const;

  std::string_view text_;
  std::string_view line_end_ = "\n";
  std::vector<std::size_t> lines_{};  ///< the offset at which each line begins
};

}  // namespace dkimprobe::config
