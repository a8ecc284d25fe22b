// A zone as octoDNS keeps it: a YAML file with a map of names, each with a record or a list of records.
#pragma once

#include "config/basics/result.hpp"
#include "config/records/line_reader.hpp"
#include "config/records/record_item.hpp"

namespace dkimprobe::config {

/// The zone is the file's name without `.yaml`, or the folder if its name ends with a dot, unless the rules
/// name one. Texts are split every 255 octets, as octoDNS does when it publishes them.
[[nodiscard]] Result<void> read_octodns_yaml(LineReader& input, const ReadingRules& rules,
                                             const FileSink& sink);

}  // namespace dkimprobe::config
