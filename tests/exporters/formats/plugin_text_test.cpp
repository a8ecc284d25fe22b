#include "exporters/formats/plugin_text.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "checks/judgement/judge.hpp"
#include "config/basics/escape.hpp"
#include "tests/catch.hpp"
#include "tests/exporters/sample_reports.hpp"
#include "tests/golden_file.hpp"

namespace dkimprobe::exporters {
namespace {

checks::Report sample(const std::string& name) {
  for (auto& each : sample_reports()) {
    if (each.name == name) return each.report;
  }
  FAIL("no sample " << name);
  return {};
}

std::string text_of(const std::vector<checks::Report>& reports) {
  return plugin_text(reports, checks::worst(reports), {});
}

}  // namespace

TEST_CASE("the plugin text of each sample matches its golden file") {
  for (const auto& [name, report] : sample_reports())
    tests::compare_with_golden("plugin/" + name + ".txt", text_of({report}));
}

TEST_CASE("the plugin text can cover several selectors and domains") {
  std::vector<checks::Report> reports = {sample("healthy"), sample("alias"), sample("revoked")};
  tests::compare_with_golden("plugin/selectors.txt", text_of(reports));
  reports.push_back(sample("differing"));
  reports.back().domain = config::DomainName::parse("example.net").value();
  tests::compare_with_golden("plugin/domains.txt", text_of(reports));
  reports = {sample("healthy"), sample("healthy")};
  CHECK(text_of(reports).starts_with("DKIM OK - 2 selectors, none worse than a notice | "));
  CHECK(text_of({}).starts_with("DKIM UNKNOWN - no selector was evaluated\n"));
}

TEST_CASE("performance data uses the thresholds of the policy") {
  config::Policy policy;
  policy.key_size.rsa_bits = 3'072;
  policy.slow_answer = std::chrono::milliseconds{250};
  const std::string text = plugin_text(std::vector{sample("healthy")}, checks::Status::ok, policy);
  CHECK(text.find("'s1 key_bits'=2048;3072:;1024:;0; ") != std::string::npos);
  CHECK(text.find("'s1 response_time'=1.204000s;0.250;;0;") != std::string::npos);
}

TEST_CASE("foreign text cannot break the format of the plugin text") {
  auto report = sample("hostile");
  const std::string hostile = "a|'x'=1;;\r\n\x1b[31m<script>\xe2\x80\xae\x7f\tend";
  report.headline = config::escape_text(hostile);
  for (auto& finding : report.findings) finding.detail = finding.remedy = report.headline;
  report.selector = config::Selector::parse("a'=b").value();
  report.key = checks::KeyFacts{"rsa", 2048, "", {}};
  const std::string text = text_of({report});
  CHECK(std::ranges::count(text, '|') == 1);
  CHECK(std::ranges::count(text, '\n') == 1 + 2 * static_cast<std::ptrdiff_t>(report.findings.size()));
  CHECK(std::ranges::all_of(
      text, [](char c) { return c == '\n' || (c >= ' ' && c <= '~' && c != '<' && c != '>'); }));
  const std::string data = text.substr(0, text.find('\n')).substr(text.find('|'));
  CHECK(data.find(" key_bits'=2048;2048:;1024:;0; ") != std::string::npos);
  CHECK(std::ranges::count(data, '\'') == 2 * std::ranges::count(data, '='));

  const std::vector<std::string> lines = {hostile, hostile};
  const std::string failure = plugin_failure(lines);
  CHECK(
      failure.starts_with("DKIM UNKNOWN - a\\x7c'x'=1;;\\x0d\\x0a\\x1b[31m\\x3cscript\\x3e\\xe2\\x80\\xae"));
  CHECK(std::ranges::count(failure, '\n') == 2);
}

TEST_CASE("the plugin text stays within the size limit and reports what is omitted") {
  std::vector<checks::Report> reports;
  for (int i = 0; i < 200; ++i) {
    reports.push_back(sample("differing"));
    reports.back().selector = config::Selector::parse(fmt::format("s{}", i)).value();
    reports.back().headline = std::string(5'000, 'h');
  }
  const std::string text = text_of(reports);
  CHECK(text.size() <= longest_plugin_text);
  CHECK(text.find("\nperformance data of ") != std::string::npos);
  const std::size_t last = text.rfind("\nand ");
  REQUIRE(last != std::string::npos);
  CHECK(text.substr(last).ends_with(" more lines\n"));
  const std::string first = text.substr(0, text.find('\n'));
  CHECK(first.ends_with(";"));  // no value is cut
  CHECK(std::ranges::count(first, '\'') % 2 == 0);
}

}  // namespace dkimprobe::exporters
