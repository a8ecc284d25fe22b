#include "cli/report_output.hpp"

#include <string>

#include "checks/judge.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"
#include "exporters/report_json.hpp"
#include "exporters/report_table.hpp"

namespace dkimprobe::cli {
namespace {

std::string tables(const config::DomainName& domain, const std::vector<checks::Report>& reports,
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

}  // namespace

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

ExitCode print_reports(const config::DomainName& domain, const std::vector<checks::Report>& reports,
                       const OutputChoice& output) {
  const checks::Status status = checks::worst(reports);
  write_output(output.json ? exporters::check_json(domain, status, reports)
                           : tables(domain, reports, output.color));
  return exit_code(status);
}

}  // namespace dkimprobe::cli
