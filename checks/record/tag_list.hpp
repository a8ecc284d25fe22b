// Reads a list of tags (RFC 6376 section 3.2) and every fault in it, to the end. It is total: any bytes give
// a list. Where a separator is missing or wrong, the tags behind it are recovered, so that one slip does not
// hide the next; the fault says that a verifier does not see them.
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
  duplicate,                 ///< a name for the second time
  repeated_name,             ///< `p=p=` or `p==`
  missing_semicolon,         ///< a tag begins inside the value of another
  comma_separator,           ///< the same, behind a comma
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
  bool is_inner = false;    ///< of a duplicate: it stands in the value of another tag
  std::string separator{};  ///< of a missing semicolon: the character that stands in its place, if any
};

struct TagList {
  std::vector<Tag> tags{};         ///< in their order, duplicates and recovered ones too
  std::vector<TagFault> faults{};  ///< of each kind the first few
  std::uint32_t faults_unlisted = 0;

  /// The first tag of that name, or null.
  [[nodiscard]] const Tag* find(std::string_view name) const;
  [[nodiscard]] bool has(TagFaultKind kind) const;
};

/// `known` are the names of one letter that are looked for where a separator may be missing.
[[nodiscard]] TagList parse_tag_list(std::string_view text, std::string_view known);

/// `ALPHA *ALNUMPUNC` (RFC 6376 section 3.2).
[[nodiscard]] bool is_tag_name(std::string_view name);

/// RFC 6376 section 2.10.
[[nodiscard]] bool is_hyphenated_word(std::string_view text);

/// The beginning of a value, escaped: for a sentence about it.
[[nodiscard]] std::string shown(std::string_view value);

/// The elements of a colon-separated value without their outer white space; one empty element for an empty
/// value.
[[nodiscard]] std::vector<std::string_view> colon_separated(std::string_view value);

}  // namespace dkimprobe::checks
