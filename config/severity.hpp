// How bad a fault is. The words are those of reports, of the settings file and of metrics.
#pragma once

#include <cstdint>

namespace dkimprobe::config {

enum class Severity : std::uint8_t { notice, warning, critical };

}  // namespace dkimprobe::config
