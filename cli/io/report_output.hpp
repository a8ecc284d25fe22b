// Prints reports in the requested form, and maps a status to an exit code.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "checks/report/report.hpp"
#include "cli/io/exit_code.hpp"
#include "cli/io/message_input.hpp"
#include "cli/io/terminal.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/terminal/report_table.hpp"

namespace dkimprobe::cli {

[[nodiscard]] ExitCode exit_code(checks::Status status);

/// The tables of the reports of one domain.
[[nodiscard]] std::string report_tables(const config::DomainName& domain,
                                        const std::vector<checks::Report>& reports, ColorChoice color);

enum class ReportForm : std::uint8_t { tables, json, json_lines };

/// Prints the reports domain by domain. With a message, its signatures come first, and JSON is one object at
/// the end.
class ReportPrinter {
 public:
  ReportPrinter(ReportForm form, ColorChoice color, const NamedMessage& message);

  void print(const config::DomainName& domain, checks::Status status,
             const std::vector<checks::Report>& reports);
  /// `status` is the overall status.
  void end(checks::Status status);

 private:
  ReportForm form_;
  ColorChoice color_;
  const NamedMessage& message_;
  std::vector<exporters::DomainSummary> domains_{};
  std::vector<exporters::DomainReports> of_message_{};
};

/// The worst status of the domains, and of a message with signatures that name no key.
[[nodiscard]] checks::Status status_of_all(std::vector<checks::Status> domains, const NamedMessage& message);

}  // namespace dkimprobe::cli
