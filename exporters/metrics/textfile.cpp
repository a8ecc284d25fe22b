#include "exporters/metrics/textfile.hpp"

#include "config/basics/escape.hpp"
#include "exporters/metrics/metric_values.hpp"

namespace dkimprobe::exporters {

std::string textfile(std::span<const MeasuredReport> reports, std::string_view file, std::string_view version,
                     probe::WallTime written_at) {
  MetricWriter writer(MetricFormat::text);
  write_report_metrics(writer, reports);
  const auto of_file = MetricLabels{}.add("textfile", config::escape_text(file));
  writer.begin({"dkimprobe_build_info", MetricKind::gauge, "The program that wrote this."});
  writer.sample(MetricLabels{of_file}.add("version", version), 1.0);
  writer.begin({"dkimprobe_textfile_written_timestamp_seconds", MetricKind::gauge,
                "When the file was written: an old one tells what was once found."});
  writer.sample(of_file, metric_value(written_at));
  return writer.finish();
}

}  // namespace dkimprobe::exporters
