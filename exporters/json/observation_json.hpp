// Observations as JSON, schema `dkimprobe.observation/2`, so that they can be judged again later. Every fact
// of probe/observation.hpp is kept. Octets that are not printable ASCII are escaped by
// config/basics/escape.hpp and are restored exactly. Reading is strict: a missing, unknown or out-of-range
// value is an error that names its place. Only a fact that was added to the schema later may be missing; it
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

/// `file` is the name of the text in error messages.
[[nodiscard]] config::Result<std::vector<probe::Observation>> read_observation_json(std::string_view text,
                                                                                    const std::string& file);

}  // namespace dkimprobe::exporters
