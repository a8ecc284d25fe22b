// What a scraper asked for in its request: which of the two texts, and whether packed. It reads foreign
// header values, in one pass, and takes what it cannot read for not said.
#pragma once

#include <string_view>

#include "exporters/metrics/metric_text.hpp"

namespace dkimprobe::exporters {

/// By `Accept` (RFC 9110 section 12.5.1): OpenMetrics 1.0 where it is wanted at least as much as plain text,
/// else the text format, which also answers those who want neither.
[[nodiscard]] MetricFormat choose_format(std::string_view accept);

/// By `Accept-Encoding` (RFC 9110 section 12.5.3): whether gzip may be sent.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace dkimprobe::exporters
