#include "cli/io/report_output.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "checks/judgement/judge.hpp"
#include "cli/io/output.hpp"
#include "exporters/terminal/signature_table.hpp"

namespace dkimprobe::cli {
namespace {

/// The headline of the first selector with the status of the whole domain.
std::string worst_headline(checks::Status status, const std::vector<checks::Report>& reports) {
  const auto report = std::ranges::find(reports, status, &checks::Report::status);
  return report == reports.end() ? std::string{}
                                 : fmt::format("{}: {}", report->selector.to_string(), report->headline);
}

}  // namespace

std::string report_tables(const config::DomainName& domain, const std::vector<checks::Report>& reports,
                          ColorChoice color) {
  const auto style = output_style(color);
  std::string text;
  for (const auto& report : reports) {
    if (!text.empty()) text += '\n';
    text += exporters::report_table(report, style);
  }
  if (reports.size() > 1) text += '\n' + exporters::summary_table(domain, reports, style);
  return text;
}

ReportPrinter::ReportPrinter(ReportForm form, ColorChoice color, const NamedMessage& message)
    : form_(form), color_(color), message_(message) {
  if (message_.is_given() && form_ == ReportForm::tables)
    write_output(exporters::signature_table(message_.signatures, message_.name, output_style(color_)));
}

void ReportPrinter::print(const config::DomainName& domain, checks::Status status,
                          const std::vector<checks::Report>& reports) {
  switch (form_) {
    case ReportForm::tables:
      write_output((domains_.empty() && !message_.is_given() ? "" : "\n") +
                   report_tables(domain, reports, color_));
      domains_.push_back({domain, status, worst_headline(status, reports)});
      return;
    case ReportForm::json:
    case ReportForm::json_lines:
      if (message_.is_given()) {
        of_message_.push_back({domain, status, reports});
      } else if (form_ == ReportForm::json) {
        write_output(exporters::check_json(domain, status, reports));
      } else {
        write_output(exporters::check_json_line(domain, status, reports));
      }
      return;
  }
}

void ReportPrinter::end(checks::Status status) {
  if (form_ != ReportForm::tables) {
    if (message_.is_given()) write_output(exporters::message_json(status, message_.signatures, of_message_));
  } else if (domains_.size() > 1) {
    write_output('\n' + exporters::domains_table(domains_, output_style(color_)));
  }
}

checks::Status status_of_all(std::vector<checks::Status> domains, const NamedMessage& message) {
  if (any_names_no_key(message.signatures)) domains.push_back(checks::Status::critical);
  return checks::worst(domains);
}

ExitCode exit_code(checks::Status status) {
  switch (status) {
    case checks::Status::ok:
      return ExitCode::ok;
    case checks::Status::warning:
      return ExitCode::warning;
    case checks::Status::critical:
      return ExitCode::critical;
    case checks::Status::unknown:
      return ExitCode::unknown;
  }
  return ExitCode::unknown;
}

}  // namespace dkimprobe::cli
