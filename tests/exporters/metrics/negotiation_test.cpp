#include <string>

#include "exporters/metrics/negotiation.hpp"
#include "tests/catch.hpp"

namespace dkimprobe::exporters {

TEST_CASE("the header Accept chooses the format of the metrics") {
  const auto [accept, wanted] = GENERATE(table<std::string, MetricFormat>({
      {"", MetricFormat::text},
      {"*/*", MetricFormat::text},
      {"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", MetricFormat::text},
      // as sent by Prometheus 2.42 and 3
      {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       MetricFormat::openmetrics},
      {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3",
       MetricFormat::openmetrics},
      {"text/plain;version=0.0.4;q=0.9, application/openmetrics-text; version=1.0.0; q=0.5",
       MetricFormat::text},
      {"APPLICATION/OpenMetrics-Text", MetricFormat::openmetrics},
      {"application/openmetrics-text;q=0", MetricFormat::text},
      {"application/openmetrics-text;version=2.0.0", MetricFormat::text},
      {"application/openmetrics-text;q=abc", MetricFormat::text},
      {"application/openmetrics-text;q=9", MetricFormat::text},
      {";;;===,,;q=;q=1;", MetricFormat::text},
  }));
  INFO(accept);
  CHECK(choose_format(accept) == wanted);
}

TEST_CASE("the header Accept-Encoding chooses gzip") {
  const auto [accept, wanted] = GENERATE(table<std::string, bool>({
      {"", false},
      {"gzip", true},
      {"GZIP", true},
      {"deflate, gzip;q=1.0, *;q=0.5", true},
      {"br, *;q=0.1", true},
      {"*;q=0", false},
      {"gzip;q=0, *", false},
      {"*, gzip; q=0.000", false},
      {"identity", false},
      {"gzipped", false},
  }));
  INFO(accept);
  CHECK(accepts_gzip(accept) == wanted);
}

}  // namespace dkimprobe::exporters
