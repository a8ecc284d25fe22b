// The text that node_exporter's textfile collector reads: what one run found, without timestamps. It writes
// no file.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "exporters/metrics/report_metrics.hpp"

namespace dkimprobe::exporters {

/// `file` is the name of the file without its folder. It is a label of what tells of the run: the collector
/// wants no series twice, and there may be more than one such file.
[[nodiscard]] std::string textfile(std::span<const MeasuredReport> reports, std::string_view file,
                                   std::string_view version, probe::WallTime written_at);

}  // namespace dkimprobe::exporters
