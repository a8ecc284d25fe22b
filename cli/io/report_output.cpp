#include "cli/io/report_output.hpp"

#include "cli/io/terminal.hpp"
#include "exporters/terminal/report_table.hpp"

namespace dkimprobe::cli {

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
