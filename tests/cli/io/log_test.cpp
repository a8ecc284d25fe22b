// Log lines in both formats: no foreign text can forge one.
#include "cli/io/log.hpp"

#include "config/basics/escape.hpp"
#include "tests/catch.hpp"

namespace dkimprobe::cli {

TEST_CASE("a log line has the same fields in both formats, with foreign text escaped") {
  const auto line = [](LogFormat format) {
    return log_text(format, "2026-11-22T09:00:00.000Z", LogLevel::warning, "it is so",
                    {{"where", "a.yaml:1:2"},
                     {"error", dkimprobe::config::escape_text("a \"b\" \\c\nlevel=info")},
                     {"empty", ""}});
  };
  CHECK(
      line(LogFormat::logfmt) ==
      R"(ts=2026-11-22T09:00:00.000Z level=warn msg="it is so" where=a.yaml:1:2 error="a \"b\" \\\\c\\x0alevel=info" empty="")");
  CHECK(
      line(LogFormat::json) ==
      R"({"ts":"2026-11-22T09:00:00.000Z","level":"warn","msg":"it is so","where":"a.yaml:1:2","error":"a \"b\" \\\\c\\x0alevel=info","empty":""})");
}

TEST_CASE("the words of levels and formats are parsed, and others refused") {
  CHECK(parse_log_level("warn") == LogLevel::warning);
  CHECK(parse_log_level("debug") == LogLevel::debug);
  CHECK_FALSE(parse_log_level("warning"));
  CHECK(parse_log_format("json") == LogFormat::json);
  CHECK_FALSE(parse_log_format(""));
}

}  // namespace dkimprobe::cli
