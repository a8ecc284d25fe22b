// The severity of a finding, with the words used in reports, the settings file and metrics.
#pragma once

#include <cstdint>

namespace dkimprobe::config {

enum class Severity : std::uint8_t { notice, warning, critical };

}  // namespace dkimprobe::config
