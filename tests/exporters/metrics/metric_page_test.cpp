#include <zlib.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "exporters/metrics/metric_page.hpp"
#include "tests/catch.hpp"

namespace dkimprobe::exporters {
namespace {

std::string gunzip(const std::string& packed) {
  std::string text(1U << 20U, '\0');
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, MAX_WBITS + 16) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int result = inflate(&stream, Z_FINISH);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  REQUIRE(result == Z_STREAM_END);
  return text;
}

}  // namespace

TEST_CASE("a page is rendered once for each change, only in the formats that were requested") {
  int generation = 0;
  int rendered = 0;
  MetricPage page([&](MetricFormat format) {
    ++rendered;
    return fmt::format("{} {}", format == MetricFormat::text ? "text" : "openmetrics", generation);
  });
  page.publish();
  CHECK(rendered == 0);

  CHECK(*page.get(MetricFormat::text, false) == "text 0");
  CHECK(gunzip(*page.get(MetricFormat::text, true)) == "text 0");
  CHECK(rendered == 1);

  generation = 1;
  const auto before = page.get(MetricFormat::text, false);
  CHECK(*before == "text 0");
  page.publish();
  CHECK(rendered == 2);
  CHECK(*before == "text 0");
  CHECK(*page.get(MetricFormat::text, false) == "text 1");
  CHECK(gunzip(*page.get(MetricFormat::text, true)) == "text 1");
  CHECK(gunzip(*page.get(MetricFormat::openmetrics, true)) == "openmetrics 1");
  CHECK(*page.get(MetricFormat::openmetrics, false) == "openmetrics 1");
  CHECK(rendered == 3);
}

TEST_CASE("readers get complete pages while another thread publishes") {
  std::atomic<int> generation{0};
  MetricPage page([&](MetricFormat) { return std::string(1'000, static_cast<char>('a' + generation % 26)); });
  std::atomic<bool> over{false};
  std::atomic<int> torn{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&, i] {
      while (!over) {
        const auto bytes = page.get(i == 0 ? MetricFormat::openmetrics : MetricFormat::text, false);
        if (bytes->size() != 1'000 || bytes->find_first_not_of(bytes->front()) != std::string::npos) ++torn;
      }
    });
  }
  for (; generation < 200; ++generation) page.publish();
  over = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(torn == 0);
}

}  // namespace dkimprobe::exporters
