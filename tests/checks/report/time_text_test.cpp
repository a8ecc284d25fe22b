#include "checks/report/time_text.hpp"

#include "config/basics/timestamp.hpp"
#include "tests/catch.hpp"

using namespace dkimprobe::checks;
using namespace std::chrono_literals;
using std::chrono::days;

TEST_CASE("a time for people is in whole seconds, never too early") {
  const auto midnight = dkimprobe::config::parse_timestamp("2026-11-22")->first;
  CHECK(time_text(midnight) == "2026-11-22 00:00:00 UTC");
  CHECK(time_text(midnight + 1ms) == "2026-11-22 00:00:01 UTC");
  CHECK(time_text(midnight - 1ms) == "2026-11-22 00:00:00 UTC");
}

TEST_CASE("a time for machines is ISO 8601 in UTC, exact to the millisecond") {
  const dkimprobe::probe::WallTime epoch{};
  CHECK(iso_time(epoch) == "1970-01-01T00:00:00.000Z");
  CHECK(iso_time(epoch + 1'709'164'800'001ms) == "2024-02-29T00:00:00.001Z");
  CHECK(iso_time(epoch - 1ms) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("a TTL or a setting is exact: in two units, else in seconds") {
  CHECK(duration_text(0s) == "0 s");
  CHECK(duration_text(60s) == "1 min");
  CHECK(duration_text(61s) == "1 min 1 s");
  CHECK(duration_text(3599s) == "59 min 59 s");
  CHECK(duration_text(3660s) == "1 h 1 min");
  CHECK(duration_text(3661s) == "3661 s");
  CHECK(duration_text(36h) == "1 day 12 h");
  CHECK(duration_text(days{7}) == "7 days");
  CHECK(duration_text(days{1} + 1min) == "86460 s");
  CHECK(duration_text(days{365} + 1h) == "365 days 1 h");
}

TEST_CASE("a wait is never understated") {
  CHECK(wait_text(-5s) == "0 s");
  CHECK(wait_text(0s) == "0 s");
  CHECK(wait_text(1ms) == "1 s");
  CHECK(wait_text(59s + 1ms) == "1 min");
  CHECK(wait_text(61s) == "1 min 1 s");
  CHECK(wait_text(59min + 59s + 1ms) == "1 h");
  CHECK(wait_text(1h + 1s) == "1 h 1 min");
  CHECK(wait_text(9min + 59s) == "9 min 59 s");
  CHECK(wait_text(10min + 1s) == "11 min");
  CHECK(wait_text(9h + 59min + 1s) == "10 h");
  CHECK(wait_text(10h + 1ms) == "11 h");
  CHECK(wait_text(23h + 1s) == "1 day");
  CHECK(wait_text(days{1} + 1ms) == "1 day 1 h");
  CHECK(wait_text(days{1} + 23h + 1s) == "2 days");
  CHECK(wait_text(168h + 1s) == "7 days 1 h");
  CHECK(wait_text(days{10}) == "10 days");
  CHECK(wait_text(days{10} + 1s) == "11 days");
}

TEST_CASE("an elapsed time is never overstated") {
  CHECK(elapsed_text(-5s) == "0 s");
  CHECK(elapsed_text(999ms) == "0 s");
  CHECK(elapsed_text(59s + 999ms) == "59 s");
  CHECK(elapsed_text(59min + 59s + 999ms) == "59 min");
  CHECK(elapsed_text(9min + 59s + 999ms) == "9 min 59 s");
  CHECK(elapsed_text(1h + 59s) == "1 h");
  CHECK(elapsed_text(24h - 1ms) == "23 h");
  CHECK(elapsed_text(days{1} + 59min) == "1 day");
  CHECK(elapsed_text(days{3} + 4h + 5min) == "3 days 4 h");
  CHECK(elapsed_text(days{325} + 12h) == "325 days");
}

TEST_CASE("a distance is a wait before its time and an elapsed time after it") {
  const dkimprobe::probe::WallTime now{1'700'000'000s};
  CHECK(distance_text(now + 2h + 4min + 1s, now) == "in 2 h 4 min");
  CHECK(distance_text(now + 2h + 4min + 59s, now) == "in 2 h 4 min");
  CHECK(distance_text(now + 24h + 1s, now) == "in 1 day");
  CHECK(distance_text(now + 61s, now) == "in 1 min 1 s");
  CHECK(distance_text(now + 5min + 1s, now) == "in 5 min 1 s");
  CHECK(distance_text(now + 1ms, now) == "in 1 s");
  CHECK(distance_text(now, now) == "0 s ago");
  CHECK(distance_text(now - 1ms, now) == "0 s ago");
  CHECK(distance_text(now - days{3} - 1min, now) == "3 days ago");
}

TEST_CASE("a measured time has two or three digits") {
  CHECK(measured_text(50us) == "0.1 ms");
  CHECK(measured_text(9'949us) == "9.9 ms");
  CHECK(measured_text(9'950us) == "10 ms");
  CHECK(measured_text(999'499us) == "999 ms");
  CHECK(measured_text(999'500us) == "1.0 s");
}
