// Reads a list of tags (RFC 6376 section 3.2) and all its faults. Any bytes give a list. After a missing or
// wrong separator the tags are recovered, so that one fault does not hide the next; verifiers do not find
// such tags.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/report/report.hpp"

namespace dkimprobe::checks {

enum class TagFaultKind : std::uint8_t {
  duplicate,                 ///< a name that occurs a second time
  repeated_name,             ///< `p=p=` or `p==`
  missing_semicolon,         ///< a tag begins inside the value of another
  comma_separator,           ///< the same, after a comma
  stray_token,               ///< words without `=`
  colon_for_equals,          ///< `k:rsa`
  bad_name,                  ///< a name that the grammar does not allow
  double_semicolon,          ///< nothing between two semicolons
  leading_semicolon,         ///< nothing before the first one
  outer_space,               ///< white space before the first tag or after the last
  trailing_semicolon_space,  ///< white space after the last semicolon
};

struct TagFault {
  TagFaultKind kind = TagFaultKind::duplicate;
  std::size_t offset = 0;
  std::string text{};       ///< raw: the name, the words or the separator
  bool is_inner = false;    ///< of a duplicate: it is in the value of another tag
  std::string separator{};  ///< of a missing semicolon: the character in its place, if any
};

struct TagList {
  std::vector<Tag> tags{};         ///< in order, with duplicates and recovered ones
  std::vector<TagFault> faults{};  ///< the first few of each kind

  /// The first tag of that name, or null.
  [[nodiscard]] const Tag* find(std::string_view name) const;
};

/// `known` are the one-letter names to search for where a separator may be missing.
[[nodiscard]] TagList parse_tag_list(std::string_view text, std::string_view known);

/// `ALPHA *ALNUMPUNC` (RFC 6376 section 3.2).
[[nodiscard]] bool is_tag_name(std::string_view name);

/// RFC 6376 section 2.10.
[[nodiscard]] bool is_hyphenated_word(std::string_view text);

/// The beginning of a value, escaped, for use in a sentence.
[[nodiscard]] std::string shown(std::string_view value);

/// The elements of a value without their outer white space; one empty element for an empty value.
[[nodiscard]] std::vector<std::string_view> separated(std::string_view value, char separator);
[[nodiscard]] inline std::vector<std::string_view> colon_separated(std::string_view value) {
  return separated(value, ':');
}

/// What stands before the `=` of a tag; empty without one.
[[nodiscard]] std::string_view tag_name_of(std::string_view tag);

}  // namespace dkimprobe::checks
