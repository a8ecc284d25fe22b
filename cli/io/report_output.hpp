// Reports as tables for standard output, and the exit code that a status means.
#pragma once

#include <string>
#include <vector>

#include "checks/report/report.hpp"
#include "cli/io/exit_code.hpp"
#include "cli/io/terminal.hpp"

namespace dkimprobe::cli {

[[nodiscard]] ExitCode exit_code(checks::Status status);

/// The tables of the reports of one domain.
[[nodiscard]] std::string report_tables(const config::DomainName& domain,
                                        const std::vector<checks::Report>& reports, ColorChoice color);

}  // namespace dkimprobe::cli
