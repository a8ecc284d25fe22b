#include <cmath>
#include <limits>
#include <string>

#include "exporters/metrics/metric_text.hpp"
#include "tests/catch.hpp"

namespace dkimprobe::exporters {
namespace {

std::string sample_page(MetricFormat format) {
  MetricWriter writer(format);
  writer.begin({"dkim_key_size", MetricKind::gauge, "Bits of the \"key\",\na \\ and more."});
  MetricLabels labels;
  labels.add("domain", "example.com").add("selector", "a\"b\\c\nd");
  writer.sample(labels, std::uint64_t{2048});
  writer.begin({"dkimprobe_queries", MetricKind::counter, "Queries."});
  writer.sample({}, std::uint64_t{18'446'744'073'709'551'615U});
  writer.begin({"dkimprobe_query_duration_seconds", MetricKind::histogram, "Round trips."});
  const double bounds[] = {0.001, 0.5, 1.0};
  const std::uint64_t counts[] = {3, 0, 1, 2};
  writer.histogram({}, {bounds, counts, 4.25});
  writer.histogram(MetricLabels{}.add("transport", "tcp"), {bounds, counts, 0.0});
  return writer.finish();
}

}  // namespace

TEST_CASE("metrics are written in the Prometheus text format") {
  CHECK(sample_page(MetricFormat::text) == R"(# HELP dkim_key_size Bits of the "key",\na \\ and more.
# TYPE dkim_key_size gauge
dkim_key_size{domain="example.com",selector="a\"b\\c\nd"} 2048
# HELP dkimprobe_queries_total Queries.
# TYPE dkimprobe_queries_total counter
dkimprobe_queries_total 18446744073709551615
# HELP dkimprobe_query_duration_seconds Round trips.
# TYPE dkimprobe_query_duration_seconds histogram
dkimprobe_query_duration_seconds_bucket{le="0.001"} 3
dkimprobe_query_duration_seconds_bucket{le="0.5"} 3
dkimprobe_query_duration_seconds_bucket{le="1.0"} 4
dkimprobe_query_duration_seconds_bucket{le="+Inf"} 6
dkimprobe_query_duration_seconds_sum 4.25
dkimprobe_query_duration_seconds_count 6
dkimprobe_query_duration_seconds_bucket{transport="tcp",le="0.001"} 3
dkimprobe_query_duration_seconds_bucket{transport="tcp",le="0.5"} 3
dkimprobe_query_duration_seconds_bucket{transport="tcp",le="1.0"} 4
dkimprobe_query_duration_seconds_bucket{transport="tcp",le="+Inf"} 6
dkimprobe_query_duration_seconds_sum{transport="tcp"} 0
dkimprobe_query_duration_seconds_count{transport="tcp"} 6
)");
}

TEST_CASE("metrics are written as OpenMetrics") {
  const std::string text = sample_page(MetricFormat::openmetrics);
  CHECK(text.find("# HELP dkim_key_size Bits of the \\\"key\\\",\\na \\\\ and more.\n") != std::string::npos);
  CHECK(text.find("# TYPE dkimprobe_queries counter\ndkimprobe_queries_total 18446744073709551615\n") !=
        std::string::npos);
  CHECK(text.ends_with("_count{transport=\"tcp\"} 6\n# EOF\n"));
}

TEST_CASE("metric values have the fewest digits that give the same number") {
  const auto [value, wanted] = GENERATE(table<double, std::string>({
      {0.1, "0.1"},
      {-0.0, "-0"},
      {1e100, "1e+100"},
      {1763768043.183, "1763768043.183"},
      {std::numeric_limits<double>::infinity(), "+Inf"},
      {-std::numeric_limits<double>::infinity(), "-Inf"},
      {std::nan(""), "NaN"},
  }));
  MetricWriter writer(MetricFormat::text);
  writer.begin({"x", MetricKind::gauge, "X."});
  writer.sample({}, value);
  CHECK(writer.finish() == "# HELP x X.\n# TYPE x gauge\nx " + wanted + "\n");
}

}  // namespace dkimprobe::exporters
