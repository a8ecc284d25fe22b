#include "exporters/metrics/textfile.hpp"

#include "config/basics/escape.hpp"
#include "exporters/metrics/metric_values.hpp"

namespace dkimprobe::exporters {

std::string textfile(std::span<const MeasuredReport> reports, std::string_view file, std::string_view version,
                     probe::WallTime written_at) {
  MetricWriter writer(MetricFormat::text);
  write_report_metrics(writer, reports);
  const auto of_file = MetricLabels{}.add("textfile", config::escape_text(file));
  writer.begin(
      {"dkimprobe_build_info", MetricKind::gauge, "Version of the program that wrote this file; always 1."});
  writer.sample(MetricLabels{of_file}.add("version", version), 1.0);
  writer.begin({"dkimprobe_textfile_written_timestamp_seconds", MetricKind::gauge,
                "Time when the file was written, in seconds since 1970; an old file has old results."});
  writer.sample(of_file, metric_value(written_at));
  return writer.finish();
}

}  // namespace dkimprobe::exporters
