// Reports on standard output, as the commands that judge print them, and the exit code that they mean.
#pragma once

#include <vector>

#include "checks/report.hpp"
#include "cli/command_line.hpp"
#include "cli/exit_code.hpp"

namespace dkimprobe::cli {

[[nodiscard]] ExitCode exit_code(checks::Status status);

/// Prints the reports of one domain, as JSON or as tables.
ExitCode print_reports(const config::DomainName& domain, const std::vector<checks::Report>& reports,
                       const OutputChoice& output);

}  // namespace dkimprobe::cli
