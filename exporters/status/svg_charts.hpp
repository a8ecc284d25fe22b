// What the page of a selector draws as inline SVG: sizes against their limits, and answers over time. Widths
// are percentages, so that a drawing fits any window and its letters stay as large as those of the page. All
// that a drawing shows is said in words beside it.
#pragma once

#include <string>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/report/report.hpp"
#include "exporters/status/html_writer.hpp"

namespace dkimprobe::exporters {

/// Nothing is written when no size is known.
void write_sizes(HtmlWriter& html, const checks::SizeFacts& size);

/// One lane for the servers that gave the same all the time.
void write_timeline(HtmlWriter& html, const checks::SelectorHistory& history);

}  // namespace dkimprobe::exporters
