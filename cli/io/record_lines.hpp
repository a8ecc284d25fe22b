// Parses lines with one record each, as plain text or JSON. The record itself is judged elsewhere.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "config/names/domain_name.hpp"

namespace dkimprobe::cli {

/// Longer lines are refused: the data of a record has at most 65535 octets (RFC 1035 section 3.2.1).
inline constexpr std::size_t longest_record_line = 128U << 10U;

struct RecordLine {
  config::DomainName name{};           ///< the root when the line has none
  std::vector<std::string> strings{};  ///< at least one, each of at most 255 octets
  bool name_is_relative = false;       ///< the end of the name is not known
};

/// A record, or why the line is invalid: one clause, escaped.
using RecordLineResult = tl::expected<RecordLine, std::string>;

/// Reads the text of a record, or its name, a tab and the text. The text is what a verifier gets: without
/// quotation marks and escapes. It is split every 255 octets.
[[nodiscard]] RecordLineResult read_text_line(std::string_view line);

/// `{"name": "s1._domainkey.example.com", "txt": ["v=DKIM1; ", "p=..."]}`: the name is optional, `txt`
/// may be one string, other members are ignored. Longer strings are split every 255 octets.
[[nodiscard]] RecordLineResult read_json_line(std::string_view line);

}  // namespace dkimprobe::cli
