// Lines that hold a record each, as operators have them: plain text, or JSON. Reading is total and knows no
// servers; what the record is worth is judged elsewhere.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "config/names/domain_name.hpp"

namespace dkimprobe::cli {

/// Longer lines are no records, whose data has at most 65535 octets (RFC 1035 section 3.2.1).
inline constexpr std::size_t longest_record_line = 128U << 10U;

struct RecordLine {
  config::DomainName name{};           ///< the root: the line has none
  std::vector<std::string> strings{};  ///< at least one, each of at most 255 octets
  bool is_printed = false;             ///< in quotation marks, as dig and zone files print records
};

/// A record, or why the line is none: one clause, escaped.
using RecordLineResult = tl::expected<RecordLine, std::string>;

/// The record's text, or its name, a tab and the text. The text is what a verifier gets: no quotation marks
/// around it, no escapes. It is cut every 255 octets.
[[nodiscard]] RecordLineResult read_text_line(std::string_view line);

/// `{"name": "s1._domainkey.example.com", "txt": ["v=DKIM1; ", "p=..."]}`: the name may be left out, `txt`
/// may be one string, other members are passed over. Longer strings are cut every 255 octets.
[[nodiscard]] RecordLineResult read_json_line(std::string_view line);

}  // namespace dkimprobe::cli
