#include "config/options.hpp"

#include <set>

#include <fmt/format.h>

#include "tests/catch.hpp"

using namespace dkimprobe::config;
using std::chrono::milliseconds;

namespace {

std::vector<Option> all_options() {
  std::vector<Option> rows;
  for (const auto table : {probe_options(), policy_options(), schedule_options(), rotation_options()}) {
    rows.insert(rows.end(), table.begin(), table.end());
  }
  return rows;
}

const Option& option(std::string_view key) {
  for (const auto table : {probe_options(), policy_options(), rotation_options()}) {
    for (const auto& row : table) {
      if (row.key == key) return row;
    }
  }
  FAIL("no option " << key);
  return probe_options().front();
}

}  // namespace

TEST_CASE("the defaults in the table of options equal those of the struct and lie within the limits") {
  const Settings defaults;
  std::set<std::string_view> keys;
  for (const auto& row : all_options()) {
    INFO(row.key);
    CHECK(row.default_value == option_value(row, defaults));
    CHECK(row.minimum <= row.default_value);
    CHECK(row.default_value <= row.maximum);
    CHECK_FALSE(row.meaning.empty());
    CHECK(keys.insert(row.key).second);
  }
}

TEST_CASE("each option accepts its default and both limits, and changes nothing else") {
  for (const auto& row : all_options()) {
    for (const double value : {row.minimum, row.maximum, row.default_value}) {
      INFO(row.key << " = " << format_value(row.unit, value));
      Settings settings;
      REQUIRE(set_option(row, format_value(row.unit, value), row.key.data(), settings));
      CHECK(option_value(row, settings) == value);
      for (const auto& other : all_options()) {
        if (other.key != row.key) CHECK(option_value(other, settings) == other.default_value);
      }
    }
  }
}

TEST_CASE("an unusable value is reported with its option and limits") {
  struct Case {
    std::string key;
    std::string text;
    std::string message;
  };
  const auto given = GENERATE(
      Case{"port", "0", "`0` cannot be used: it must be a whole number from 1 to 65535"},
      Case{"port", "99999", "`99999` cannot be used: it must be a whole number from 1 to 65535"},
      Case{"port", "4294967349", "`4294967349` cannot be used: it must be a whole number from 1 to 65535"},
      Case{"port", "53x", "`53x` cannot be used: it must be a whole number from 1 to 65535"},
      Case{"port", "", "`` cannot be used: it must be a whole number from 1 to 65535"},
      Case{"attempts", "-1", "`-1` cannot be used: it must be a whole number from 1 to 8"},
      Case{"probe-timeout", "30",
           "`30` cannot be used: it must be a duration from 500ms to 10m with a unit: ms, s, m, h or d"},
      Case{"probe-timeout", "1h",
           "`1h` cannot be used: it must be a duration from 500ms to 10m with a unit: ms, s, m, h or d"},
      Case{"probe-timeout", "4294967295h",
           "`4294967295h` cannot be used: it must be a duration from 500ms to 10m with a unit: ms, s, m, h "
           "or d"},
      Case{"rate-limit", "0",
           "`0` cannot be used: it must be a number above 0 and up to 1000000, or `unlimited`"},
      Case{"rate-limit", "nan",
           "`nan` cannot be used: it must be a number above 0 and up to 1000000, or `unlimited`"},
      Case{"max-key-age", "0s",
           "`0s` cannot be used: it must be a duration of up to 3650d with a unit: ms, s, m, h or d, or "
           "`never`"},
      Case{"max-key-age", "3651d",
           "`3651d` cannot be used: it must be a duration of up to 3650d with a unit: ms, s, m, h or d, or "
           "`never`"},
      Case{"selector-cooldown", "never",
           "`never` cannot be used: it must be a duration from 1s to 3650d with a unit: ms, s, m, h or d"},
      Case{"rsa-bits-wanted", "1023",
           "`1023` cannot be used: it must be a number of bits from 1024 to 8192, or one of rfc8301, "
           "nist-2030 "
           "and bsi"},
      Case{"rsa-bits-wanted", "2",
           "`2` cannot be used: it must be a number of bits from 1024 to 8192, or one of rfc8301, nist-2030 "
           "and bsi"},
      Case{"ipv4", "maybe", "`maybe` cannot be used: it must be `yes` or `no`"},
      Case{"edns-payload", "\x1b[2J",
           "`\\x1b[2J` cannot be used: it must be a whole number of bytes from 512 to 4096"});
  INFO(given.key << " " << given.text);
  Settings settings;
  const auto result = set_option(option(given.key), given.text, "--" + given.key, settings);
  REQUIRE_FALSE(result);
  CHECK(result.error() == Errors{Error{"--" + given.key, given.message}});
  CHECK(option_value(option(given.key), settings) == option(given.key).default_value);
}

TEST_CASE("durations require a unit") {
  CHECK(parse_duration("400ms") == milliseconds{400});
  CHECK(parse_duration("3s") == milliseconds{3'000});
  CHECK(parse_duration("30m") == milliseconds{1'800'000});
  CHECK(parse_duration("1h") == milliseconds{3'600'000});
  CHECK(parse_duration("90d") == std::chrono::days{90});
  for (const auto* wrong : {"", "s", "3", "3 s", "-3s", "3.5s", "3days", "+3s", "99999999999s"}) {
    INFO(wrong);
    CHECK_FALSE(parse_duration(wrong));
  }
  CHECK(format_value(Unit::duration, 400) == "400ms");
  CHECK(format_value(Unit::duration, 3'000) == "3s");
  CHECK(format_value(Unit::duration, 90'000) == "90s");
  CHECK(format_value(Unit::duration, 1'800'000) == "30m");
  CHECK(format_value(Unit::duration, 86'400'000) == "24h");
  CHECK(format_value(Unit::duration, 2 * 86'400'000) == "2d");
  CHECK(format_value(Unit::duration_or_never, 2 * 86'400'000) == "2d");
  CHECK(format_value(Unit::duration_or_never, 0) == "never");
  CHECK(format_value(Unit::queries_per_second, 0) == "unlimited");
  CHECK(format_value(Unit::queries_per_second, 2.5) == "2.5");
}

TEST_CASE("the size of keys is a number of the operator's own, or a profile with its source") {
  Settings settings;
  CHECK(settings.policy.key_size.source == "RFC 8301 section 3.2 (2018)");
  REQUIRE(set_option(key_size_option(), "bsi", "", settings));
  CHECK(settings.policy.key_size.rsa_bits == 3000);
  CHECK(settings.policy.key_size.source == "BSI TR-02102-1 (2024)");
  CHECK(new_key_bits(settings.policy.key_size) == 3072);
  REQUIRE(set_option(key_size_option(), "nist-2030", "", settings));
  CHECK(settings.policy.key_size.rsa_bits == 3072);
  REQUIRE(set_option(key_size_option(), "2048", "", settings));
  CHECK(settings.policy.key_size.rsa_bits == 2048);
  CHECK(settings.policy.key_size.source == "the settings");
  CHECK(new_key_bits(settings.policy.key_size) == 2048);
}
