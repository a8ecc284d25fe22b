// The text for node_exporter's textfile collector: the results of one run, without timestamps. It writes no
// file.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "exporters/metrics/report_metrics.hpp"

namespace dkimprobe::exporters {

/// `file` is the file name without its directory. It labels the metrics of the run, because the collector
/// accepts no duplicate series and may read several such files.
[[nodiscard]] std::string textfile(std::span<const MeasuredReport> reports, std::string_view file,
                                   std::string_view version, probe::WallTime written_at);

}  // namespace dkimprobe::exporters
