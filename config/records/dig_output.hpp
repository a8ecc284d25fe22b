// What dig, host and nslookup print: records in the form of zone files, answers without a record, and with
// `dig +short` the quoted strings alone.
#pragma once

#include "config/basics/result.hpp"
#include "config/records/line_reader.hpp"
#include "config/records/record_item.hpp"

namespace dkimprobe::config {

[[nodiscard]] Result<void> read_dig_output(LineReader& input, const ReadingRules& rules,
                                           const FileSink& sink);

}  // namespace dkimprobe::config
