#include "exporters/metrics/report_metrics.hpp"

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "exporters/metrics/textfile.hpp"
#include "tests/catch.hpp"
#include "tests/exporters/sample_reports.hpp"
#include "tests/golden_file.hpp"

namespace dkimprobe::exporters {
namespace {

constexpr probe::WallTime time{std::chrono::milliseconds{1'795'311'296'789}};

/// The samples, each with its own selector; the first also with facts from a history.
std::vector<checks::Report> sample_selectors() {
  std::vector<checks::Report> reports;
  for (const auto& [name, report] : sample_reports()) {
    reports.push_back(report);
    reports.back().selector = config::Selector::parse(name).value();
  }
  reports.front().rotation = checks::RotationFacts{.safe_to_sign_at = time};
  reports.front().negative_ttl_seconds = 3'600;
  return reports;
}

std::vector<MeasuredReport> measured(const std::vector<checks::Report>& reports) {
  std::vector<MeasuredReport> list;
  for (const auto& report : reports) list.push_back({.report = &report});
  list.front().key_first_seen = time;
  return list;
}

std::string page(const std::vector<MeasuredReport>& reports, MetricFormat format = MetricFormat::text) {
  MetricWriter writer(format);
  write_report_metrics(writer, reports);
  return writer.finish();
}

}  // namespace

TEST_CASE("the metrics of the samples match their golden file") {
  const auto reports = sample_selectors();
  tests::compare_with_golden("textfile.prom", textfile(measured(reports), "dkim.prom", "0.0.0", time));
}

TEST_CASE("every series occurs once, and every family is contiguous") {
  const auto reports = sample_selectors();
  std::set<std::string> series;
  std::set<std::string> families;
  std::istringstream lines(page(measured(reports)));
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    if (line.starts_with("# TYPE ")) CHECK(families.insert(line).second);
    if (!line.starts_with('#')) CHECK(series.insert(line.substr(0, line.rfind(' '))).second);
  }
  CHECK(families.size() == 15);
  CHECK(series.size() > reports.size());
}

TEST_CASE("a fault on many servers is one series, and so is a server on two hops") {
  auto report = sample_reports().front().report;
  const checks::Check* const check = sample_reports().at(2).report.findings.front().check;
  report.findings.assign(3, {.check = check, .severity = checks::Severity::critical});
  report.findings.push_back({.check = check, .severity = checks::Severity::notice});
  report.servers.resize(1);
  report.servers.push_back(report.servers.front());
  report.servers.back().outcome = checks::ServerOutcome::refused;
  report.servers.push_back(report.servers.front());
  report.servers.back().id.address.port = 5'300;
  report.servers.push_back(report.servers.front());
  report.servers.back().id.name = "never.example.com";
  report.servers.back().outcome = checks::ServerOutcome::not_asked;
  const std::string text = page({{.report = &report}});
  const std::string labels = R"(domain="example.com",selector="s1")";
  const auto lines_of = [&](const std::string& family) {
    std::string found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(family + '{')) found += line.substr(family.size()) + '\n';
    }
    return found;
  };
  CHECK(lines_of("dkim_finding") ==
        "{" + labels + R"(,check="answer_differs_between_ns",severity="critical"} 1)" + "\n{" + labels +
            R"(,check="answer_differs_between_ns",severity="notice"} 1)" + "\n");
  CHECK(lines_of("dkim_nameserver_answer") ==
        "{" + labels + R"(,nameserver="ns1.example.com",address="192.0.2.1"} 0)" + "\n{" + labels +
            R"(,nameserver="ns1.example.com",address="192.0.2.1:5300"} 1)" + "\n");
}

TEST_CASE("the servers of a finding are one series, with the first few names") {
  auto report = sample_reports().front().report;
  const checks::Check* const check = sample_reports().at(2).report.findings.front().check;
  report.findings.clear();
  for (const int server : {1, 2, 2, 3, 4, 5}) {
    report.findings.push_back(
        {.check = check,
         .severity = checks::Severity::critical,
         .servers = {{fmt::format("ns{}", server),
                      {config::Address::parse(fmt::format("192.0.2.{}", server)).value(), 53}}}});
  }
  report.findings.push_back({.check = check, .severity = checks::Severity::notice});
  const std::string text = page({{.report = &report}});
  const std::string sample = R"(dkim_finding_servers_info{domain="example.com",selector="s1",)"
                             R"(check="answer_differs_between_ns",severity="critical",)"
                             R"(servers="ns1 (192.0.2.1), ns2 (192.0.2.2), ns3 (192.0.2.3) and 2 more"} 1)";
  CHECK(text.find(sample) != std::string::npos);
  CHECK(text.find("dkim_finding_servers_info{", text.find(sample) + 1) == std::string::npos);
}

TEST_CASE("servers beyond the limit are left out and counted") {
  auto report = sample_reports().front().report;
  report.servers.resize(1);
  for (std::uint16_t port = 1; port < most_servers_listed + 3; ++port) {
    report.servers.push_back(report.servers.front());
    report.servers.back().id.address.port = static_cast<std::uint16_t>(10'000 + port);
  }
  MetricWriter writer(MetricFormat::text);
  CHECK(write_report_metrics(writer, std::vector<MeasuredReport>{{.report = &report}}) == 3);
  const std::string text = writer.finish();
  CHECK(text.find(fmt::format(":{}\"", 10'000 + most_servers_listed - 1)) != std::string::npos);
  CHECK(text.find(fmt::format(":{}\"", 10'000 + most_servers_listed)) == std::string::npos);
}

TEST_CASE("without reports there are no metrics, and an unknown value has no series") {
  CHECK(page({}).empty());
  CHECK(page({}, MetricFormat::openmetrics) == "# EOF\n");
  const checks::Report report;
  const std::string text = page({{.report = &report}});
  CHECK(text.find("\ndkim_selector_status{") != std::string::npos);
  CHECK(text.find("} 3\n") != std::string::npos);
  CHECK(text.find("dkim_key_size") == std::string::npos);
  CHECK(text.find("dkim_response") == std::string::npos);
}

TEST_CASE("no label contains text of a record") {
  auto report = sample_reports().front().report;
  report.record.strings = {"SECRET"};
  report.record.tags = {{"SECRET", "SECRET"}};
  report.headline = "SECRET";
  for (auto& row : report.servers) row.answer = "SECRET";
  report.findings.push_back({.check = sample_reports().at(2).report.findings.front().check,
                             .detail = "SECRET",
                             .remedy = "SECRET"});
  CHECK(page({{.report = &report}}).find("SECRET") == std::string::npos);
}

}  // namespace dkimprobe::exporters
