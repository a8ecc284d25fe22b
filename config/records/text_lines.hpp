// Records as plain text, one a line.
#pragma once

#include "config/basics/result.hpp"
#include "config/records/line_reader.hpp"
#include "config/records/record_item.hpp"

namespace dkimprobe::config {

/// A line is the text of a record, or its name, a tab and the text. The text is what a verifier gets: without
/// quotation marks and escapes. It is split every 255 octets.
[[nodiscard]] Result<void> read_text_lines(LineReader& input, const ReadingRules& rules,
                                           const FileSink& sink);

/// The name of a record as a text gives it; relative to nothing.
[[nodiscard]] tl::expected<DomainName, std::string> read_record_name(std::string_view text);

}  // namespace dkimprobe::config
