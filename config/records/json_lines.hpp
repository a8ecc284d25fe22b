// Records as JSON, one object a line.
#pragma once

#include "config/basics/result.hpp"
#include "config/records/line_reader.hpp"
#include "config/records/record_item.hpp"

namespace dkimprobe::config {

/// `{"name": "s1._domainkey.example.com", "txt": ["v=DKIM1; ", "p=..."]}`: the name is optional, `txt` may be
/// one string, other members are ignored. Longer strings are split every 255 octets.
[[nodiscard]] Result<void> read_json_lines(LineReader& input, const ReadingRules& rules,
                                           const FileSink& sink);

}  // namespace dkimprobe::config
