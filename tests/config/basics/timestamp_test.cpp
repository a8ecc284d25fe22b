#include "config/basics/timestamp.hpp"

#include <string>

#include "tests/catch.hpp"

using namespace dkimprobe::config;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::sys_days;

namespace {

const WallTime november = sys_days(std::chrono::year{2026} / 11 / 1);

}  // namespace

TEST_CASE("a time of RFC 3339 is one point in time") {
  struct Case {
    std::string text;
    milliseconds after_midnight;
  };
  const auto given =
      GENERATE(Case{"2026-11-01T00:00:00Z", 0ms}, Case{"2026-11-01T09:30:05Z", 9h + 30min + 5s},
               Case{"2026-11-01t09:30:05z", 9h + 30min + 5s}, Case{"2026-11-01 09:30:05Z", 9h + 30min + 5s},
               Case{"2026-11-01T09:30:05.5Z", 9h + 30min + 5500ms},
               Case{"2026-11-01T09:30:05.0479999999999999Z", 9h + 30min + 5047ms},
               Case{"2026-11-01T09:30:05+01:30", 8h + 5s}, Case{"2026-11-01T09:30:05-01:30", 11h + 5s},
               Case{"2026-11-01T00:00:00+01:00", -1h}, Case{"2026-11-01T09:30:05-00:00", 9h + 30min + 5s},
               Case{"2026-10-31T23:59:60Z", 0ms});
  INFO(given.text);
  const auto timestamp = parse_timestamp(given.text);
  REQUIRE(timestamp);
  CHECK(timestamp->first == november + given.after_midnight);
  CHECK(timestamp->last == timestamp->first);
}

TEST_CASE("a date covers the whole day") {
  CHECK(parse_timestamp("2026-11-01") == Timestamp{november, november + 24h - 1ms});
  CHECK(parse_timestamp("2024-02-29"));
}

TEST_CASE("an invalid timestamp is rejected") {
  const auto* const text = GENERATE(
      "", "2026", "2026-11", "2026-11-", "2026-1-01", "26-11-01", "2026-13-01", "2026-00-01", "2026-02-29",
      "2026-11-31", "2026-11-00", "2026/11/01", "+2026-11-01", "2026-11-01 ", "2026-11-01T", "2026-11-01Z",
      "2026-11-01T09:30Z", "2026-11-01T09:30:00", "2026-11-01T24:00:00Z", "2026-11-01T09:60:00Z",
      "2026-11-01T09:30:61Z", "2026-11-01T09:30:00.Z", "2026-11-01T09:30:00+01", "2026-11-01T09:30:00+0100",
      "2026-11-01T09:30:00+24:00", "2026-11-01T09:30:00ZZ", "2026-11-01T09:30:00Z ", "2026-11-01T-1:30:00Z",
      "today");
  INFO(text);
  CHECK_FALSE(parse_timestamp(text));
}

TEST_CASE("a zero octet does not end a text") {
  CHECK_FALSE(parse_timestamp(std::string_view("2026-11-01\0", 11)));
  CHECK_FALSE(parse_timestamp(std::string_view("2026-11-01T09:30:00\0", 20)));
}

TEST_CASE("a timestamp is written as it is read") {
  for (const std::string text :
       {"2026-11-01", "0001-01-01", "9999-12-31", "2026-11-01T00:00:00Z", "2026-11-01T09:30:01Z",
        "2026-11-01T23:59:59.999Z", "2026-11-01T09:30:00.050Z"}) {
    INFO(text);
    CHECK(to_string(parse_timestamp(text).value()) == text);
  }
  CHECK(to_string(parse_timestamp("2026-11-01T00:30:00+01:00").value()) == "2026-10-31T23:30:00Z");
}
