// A record that was pasted with its surroundings in a zone file or in the output of dig: name, TTL, class and
// type before it, a parenthesis and a comment after it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace dkimprobe::checks {

struct ZoneFragment {
  std::size_t offset = 0;    ///< of the piece that does not belong to the record
  std::string_view piece{};  ///< that piece, the one before the record if there are two
  std::size_t record_begin = 0;
  std::size_t record_end = 0;
};

/// Nothing when neither end of `text` belongs to a zone file.
[[nodiscard]] std::optional<ZoneFragment> find_zone_fragment(std::string_view text);

}  // namespace dkimprobe::checks
