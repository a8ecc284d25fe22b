#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "checks/catalogue/catalogue.hpp"
#include "checks/report/time_text.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/terminal/report_table.hpp"
#include "exporters/terminal/signature_table.hpp"
#include "exporters/text/text_layout.hpp"
#include "tests/catch.hpp"
#include "tests/exporters/sample_reports.hpp"
#include "tests/golden_file.hpp"

using namespace dkimprobe;
using namespace dkimprobe::exporters;

TEST_CASE("the signatures of a message match their golden files") {
  const auto sample = sample_reports().front();
  const auto read = checks::read_signatures(
      "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s1; h=From; t=1795311296; x=1795916096;\n"
      " bh=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=; b=AAAA\n"
      "DKIM-Signature: v=1; d=\x1b[31mred; s=\xff\xe2\x80\xae\n"
      "DKIM-Signature: d=example.net; s=s2\n");
  const std::vector<DomainReports> reports = {{sample.report.domain, sample.report.status, {sample.report}}};
  tests::compare_with_golden("message.json", message_json(checks::Status::critical, read.fields, reports));
  tests::compare_with_golden("message.txt", signature_table(read.fields, "mail.eml", {80, false, true}));
  tests::compare_with_golden("message-color.txt", signature_table(read.fields, "mail.eml", {50, true, true}));
  tests::compare_with_golden("message-ascii.txt",
                             signature_table(read.fields, "mail.eml", {80, false, false}));
}

TEST_CASE("the table and the JSON of each sample match their golden files") {
  for (const auto& sample : sample_reports()) {
    INFO(sample.name);
    tests::compare_with_golden(sample.name + ".txt", report_table(sample.report, {80, false, true}));
    tests::compare_with_golden(sample.name + ".json", check_json(sample.report.domain, sample.report.status,
                                                                 std::span(&sample.report, 1)));
  }
}

TEST_CASE("tables for narrow and plain terminals match their golden files") {
  for (const auto& sample : sample_reports()) {
    if (sample.name == "differing") {
      tests::compare_with_golden("differing-ascii.txt", report_table(sample.report, {80, false, false}));
      tests::compare_with_golden("differing-color.txt", report_table(sample.report, {80, true, true}));
    }
    if (sample.name == "differing" || sample.name == "long") {
      tests::compare_with_golden(sample.name + "-50.txt", report_table(sample.report, {50, false, true}));
    }
  }
  std::vector<checks::Report> reports;
  for (auto& sample : sample_reports()) reports.push_back(std::move(sample.report));
  tests::compare_with_golden("summary.txt",
                             summary_table(reports.front().domain, reports, {80, false, true}));
  std::vector<DomainSummary> domains;
  for (const auto& report : reports) domains.push_back({report.domain, report.status, report.headline});
  tests::compare_with_golden("domains.txt", domains_table(domains, {80, false, true}));
}

TEST_CASE("of one check on many servers, three findings are shown in full and the others counted") {
  auto report = sample_reports().front().report;
  static const checks::Check slow{
      .name = "ns_slow", .scope = checks::Scope::server, .severity = checks::Severity::warning};
  report.findings.clear();
  for (int i = 1; i <= 12; ++i) {
    auto& finding = report.findings.emplace_back();
    finding.check = &slow;
    finding.severity = checks::Severity::warning;
    finding.servers = {{fmt::format("ns{}.example.com", i),
                        {config::Address::parse(fmt::format("192.0.2.{}", i)).value(), 53}}};
    finding.detail = "slow";
  }
  const auto text = report_table(report, {80, false, true});
  CHECK(text.find("ns3.example.com (192.0.2.3)") != std::string::npos);
  CHECK(text.find("9 more of ns_slow: ns4.example.com") != std::string::npos);
  std::size_t listed = 0;
  for (auto at = text.find("warning  ns_slow"); at != std::string::npos;
       at = text.find("warning  ns_slow", at + 1))
    ++listed;
  CHECK(listed == 3);
  // With only three findings, nothing is left out.
  report.findings.resize(3);
  CHECK(report_table(report, {80, false, true}).find("more of ns_slow") == std::string::npos);
}

TEST_CASE("no line is wider than the terminal, and no foreign byte reaches it") {
  for (const auto& sample : sample_reports()) {
    for (const std::size_t columns : {1U, 40U, 41U, 57U, 79U, 80U, 100U, 250U}) {
      for (const bool unicode : {true, false}) {
        const std::string text = report_table(sample.report, {columns, false, unicode});
        for (const auto& line : tests::lines_of(text)) {
          INFO(sample.name << " at " << columns << ": " << line);
          CHECK(text_width(line) <= std::max<std::size_t>(columns, 40));
          CHECK(std::none_of(line.begin(), line.end(), [&](char c) {
            const auto octet = static_cast<unsigned char>(c);
            return octet < 0x20 || octet == 0x7f || (!unicode && octet >= 0x80);
          }));
        }
      }
    }
  }
}

TEST_CASE("colour changes no text of a report") {
  for (const auto& sample : sample_reports()) {
    INFO(sample.name);
    const std::string colored = report_table(sample.report, {80, true, true});
    CHECK(colored.find('\x1b') != std::string::npos);
    CHECK(tests::without_colors(colored) == report_table(sample.report, {80, false, true}));
  }
}

TEST_CASE("a report is one JSON object of the documented shape") {
  for (const auto& sample : sample_reports()) {
    INFO(sample.name);
    const std::string text =
        check_json(sample.report.domain, sample.report.status, std::span(&sample.report, 1));
    CHECK(text.ends_with("}\n"));
    const auto json = nlohmann::json::parse(text);
    CHECK(json["schema"] == "dkimprobe.check/2");
    const auto& report = json["reports"][0];
    CHECK(report["schema"] == "dkimprobe.report/2");
    for (const auto* key : {"domain", "selector", "name", "role", "observed_at", "status", "record", "key",
                            "size", "findings", "servers", "chain", "delegation", "rotation", "adsp"}) {
      CHECK(report.contains(key));
    }
    std::size_t entries = 0;
    for (const auto& finding : sample.report.findings)
      entries += std::max<std::size_t>(1, finding.servers.size());
    CHECK(report["findings"].size() == entries);
    CHECK(report["servers"].size() == sample.report.servers.size());
  }
}

TEST_CASE("a finding on several servers has one entry for each") {
  auto report = sample_reports().at(2).report;
  report.findings.at(0).servers = {report.servers[0].id, report.servers[1].id};
  const auto json = nlohmann::json::parse(check_json(report.domain, report.status, std::span(&report, 1)));
  const auto& findings = json["reports"][0]["findings"];
  REQUIRE(findings.size() == 4);
  CHECK(findings[0]["id"] == "answer_differs_between_ns");
  CHECK(findings[0]["server"] == "192.0.2.1");
  CHECK(findings[0]["server_name"] == "ns1.example.com");
  CHECK(findings[1]["id"] == "answer_differs_between_ns");
  CHECK(findings[1]["server"] == "192.0.2.2");
}

TEST_CASE("wrapping loses no text") {
  CHECK(wrap_text("", 10) == std::vector<std::string>{""});
  CHECK(wrap_text("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(wrap_text("one two three", 80) == std::vector<std::string>{"one two three"});
  CHECK(wrap_text("ns1.long.example.com", 12) == std::vector<std::string>{"ns1.long.", "example.com"});
  CHECK(wrap_text("xxxxxxxxxx", 4) == std::vector<std::string>{"xxxx", "xxxx", "xx"});
  CHECK(wrap_text("a xxxxxxxxxx b", 4) == std::vector<std::string>{"a", "xxxx", "xxxx", "xx b"});
  CHECK(wrap_text("äöü äöü", 3) == std::vector<std::string>{"äöü", "äöü"});
  CHECK(wrap_text("äöüäöü", 4) == std::vector<std::string>{"äöüä", "öü"});
  CHECK(pad_left("ä", 3) == "  ä");
  CHECK(pad_right("ä", 3) == "ä  ");
}
