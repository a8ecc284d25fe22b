// Content negotiation with a scraper: which of the two formats, and whether compressed. It reads foreign
// header values in one pass and ignores what it cannot parse.
#pragma once

#include <string_view>

#include "exporters/metrics/metric_text.hpp"

namespace dkimprobe::exporters {

/// From `Accept` (RFC 9110 section 12.5.1): OpenMetrics 1.0 when the client prefers it to plain text or
/// accepts both equally; else the text format, also for clients that accept neither.
[[nodiscard]] MetricFormat choose_format(std::string_view accept);

/// From `Accept-Encoding` (RFC 9110 section 12.5.3): whether the client accepts gzip.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace dkimprobe::exporters
