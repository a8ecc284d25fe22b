#include "exporters/terminal/lint_text.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
#include "exporters/terminal/text_page.hpp"
#include "exporters/text/compatibility_text.hpp"
#include "exporters/text/report_facts.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::exporters {
namespace {

constexpr std::size_t lint_indent = 4;

std::string_view color_of(checks::Severity severity) {
  switch (severity) {
    case checks::Severity::critical:
      return "\x1b[31m";
    case checks::Severity::warning:
      return "\x1b[33m";
    case checks::Severity::notice:
      return "\x1b[36m";
  }
  return {};
}

std::string_view color_of(checks::Status status) {
  switch (status) {
    case checks::Status::ok:
      return "\x1b[32m";
    case checks::Status::warning:
      return "\x1b[33m";
    case checks::Status::critical:
    case checks::Status::unknown:
      return "\x1b[31m";
  }
  return {};
}

std::string painted(std::string_view text, std::string_view color, const TableStyle& style) {
  return style.color ? fmt::format("{}{}\x1b[0m", color, text) : std::string(text);
}

/// The class of a key record, or the policy of an ADSP record.
std::string class_text(const checks::Report& report) {
  if (report.adsp != checks::AdspPolicy::not_known)
    return fmt::format("ADSP {}", checks::to_string(report.adsp));
  if (report.key)
    return fmt::format("{}, {}", checks::to_string(report.record.record_class), key_text(*report.key));
  return std::string(checks::to_string(report.record.record_class));
}

}  // namespace

std::string lint_text(const checks::Report& report, std::size_t line, const TableStyle& style) {
  const std::size_t columns = std::max(style.columns, narrowest_page);
  std::string rest = class_text(report);
  if (!report.name.is_root()) rest = report.name.to_string() + ": " + rest;
  if (report.size.direct) rest += fmt::format(", answer of {} bytes", *report.size.direct);
  const std::string_view status = checks::to_string(report.status);
  std::string text;
  const std::string start = fmt::format("line {}: ", line);
  for (const auto& part :
       wrap_text(rest, columns - std::min(columns / 2, start.size() + status.size() + 1))) {
    text += text.empty() ? fmt::format("{}{} ", start, painted(status, color_of(report.status), style))
                         : std::string(lint_indent, ' ');
    text += part + '\n';
  }
  const std::string inset(lint_indent, ' ');
  for (const auto& finding : report.findings) {
    text += fmt::format("{}{} {}\n", inset,
                        painted(checks::to_string(finding.severity), color_of(finding.severity), style),
                        finding.check->name);
    std::string detail = finding.detail.str();
    if (finding.offset) detail += fmt::format(" (at octet {})", *finding.offset);
    const std::string label = "fix: ";
    const std::size_t indent = lint_indent + label.size();
    text += hanging_text(std::string(indent, ' '), indent, detail, columns);
    text += hanging_text(inset + label, indent, finding.remedy, columns);
  }
  for (const auto& each : verifier_lines(report)) text += hanging_text(inset, 2 * lint_indent, each, columns);
  const auto changes = rewrite_lines(report);
  if (!changes.empty()) text += inset + "all accept it with:\n";
  for (const auto& each : changes) text += hanging_text(inset, 2 * lint_indent, each, columns);
  return text;
}

std::string lint_summary(const LintCounts& counts) {
  const std::size_t records = counts.ok + counts.warning + counts.critical;
  std::string text = fmt::format("{}: {} critical, {} warning, {} ok", counted(records, "record"),
                                 counts.critical, counts.warning, counts.ok);
  if (counts.unread > 0) text += fmt::format("; {} could not be read", counted(counts.unread, "line"));
  text += '\n';
  if (counts.compared + counts.unknown > 0) {
    text +=
        fmt::format("{} compared with the files: {} differ, {} unknown\n",
                    counted(counts.compared + counts.unknown, "answer"), counts.different, counts.unknown);
  }
  return text;
}

std::string server_text(const config::FileFault& fault, const TableStyle& style) {
  const std::string start = fmt::format("line {}: ", fault.place.line);
  return hanging_text(start, lint_indent, fault.detail, std::max(style.columns, narrowest_page));
}

}  // namespace dkimprobe::exporters
