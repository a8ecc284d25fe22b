// Observations as JSON, to be judged again later: schema `dkimprobe.observation/2`. Every fact of
// probe/observation.hpp is kept; octets that are no printable ASCII are escaped as config/basics/escape.hpp
// does it, so that they come back exactly. Reading is total and strict: what is missing, unknown or out of
// bounds is a mistake that names its place; but a fact that was added to the schema later may be missing, and
// is then unknown. It opens no file and judges nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/basics/result.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::exporters {

inline constexpr std::size_t largest_observation_file_bytes = 32U << 20U;

/// One object with a newline at the end.
[[nodiscard]] std::string observation_json(const std::vector<probe::Observation>& observations);

/// `file` names the text in mistakes.
[[nodiscard]] config::Result<std::vector<probe::Observation>> read_observation_json(std::string_view text,
                                                                                    const std::string& file);

}  // namespace dkimprobe::exporters
