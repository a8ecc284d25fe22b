// Inline SVG charts of the selector page: response sizes against their limits, and answers over time. Widths
// are percentages, so that a chart fits any window and its text keeps the size of the page text. Text beside
// each chart repeats everything that it shows.
#pragma once

#include <string>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/report/report.hpp"
#include "exporters/status/html_writer.hpp"

namespace dkimprobe::exporters {

/// Writes nothing when no size is known.
void write_sizes(HtmlWriter& html, const checks::SizeFacts& size);

/// Servers with identical answers over the whole time share one lane.
void write_timeline(HtmlWriter& html, const checks::SelectorHistory& history);

}  // namespace dkimprobe::exporters
