#include "exporters/formats/junit_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::exporters {
namespace {

/// For texts and attributes of XML; the texts are printable ASCII and line feeds.
std::string xml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

/// `content` is XML; empty for a test that passed.
std::string test_case(const config::FilePlace& place, const std::string& name, std::string_view content) {
  const std::string file = xml(config::escape_text(place.file.string()));
  const std::string start = fmt::format(R"(    <testcase classname="{}" name="{}" file="{}" line="{}")", file,
                                        xml(name), file, place.line);
  return content.empty() ? start + "/>\n" : fmt::format("{}>\n{}    </testcase>\n", start, content);
}

}  // namespace

std::string junit_case(const checks::Report& report, const config::FilePlace& place) {
  std::string name = fmt::format("line {}", place.line);
  if (!report.name.is_root()) name += ": " + report.name.to_string();
  std::string text;
  for (const auto& finding : report.findings) {
    text += fmt::format("{} {}: {}\nfix: {}\n", checks::to_string(finding.severity), finding.check->name,
                        finding.detail, finding.remedy);
  }
  if (text.empty()) return test_case(place, name, {});
  const bool is_failure = report.status != checks::Status::ok;
  return test_case(place, name,
                   is_failure
                       ? fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n",
                                     checks::to_string(report.status), xml(report.headline.str()), xml(text))
                       : fmt::format("      <system-out>{}</system-out>\n", xml(text)));
}

std::string junit_case(const config::FileFault& fault) {
  const auto& row = config::row_of(fault.kind);
  const std::string name = fmt::format("line {}: {}", fault.place.line, row.id);
  if (row.weight == config::FaultWeight::note)
    return test_case(fault.place, name,
                     fmt::format("      <system-out>{}</system-out>\n", xml(fault.detail)));
  const std::string_view tag = row.weight == config::FaultWeight::warning ? "failure" : "error";
  return test_case(fault.place, name,
                   fmt::format("      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n", tag, row.id,
                               xml(fault.detail), xml(row.remedy)));
}

std::string junit_start(const JunitCounts& counts) {
  const std::string numbers = fmt::format(R"(name="dkimprobe lint" tests="{}" failures="{}" errors="{}")",
                                          counts.tests, counts.failures, counts.errors);
  return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {}>\n  <testsuite {}>\n",
                     numbers, numbers);
}

std::string junit_end() {
  return "  </testsuite>\n</testsuites>\n";
}

}  // namespace dkimprobe::exporters
