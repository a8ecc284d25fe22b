// The text output of `lint`: a few lines for each record. It prints the report and judges nothing.
#pragma once

#include <cstddef>
#include <string>

#include "checks/report/report.hpp"
#include "exporters/terminal/report_table.hpp"

namespace dkimprobe::exporters {

/// The record's line, its verdict, and each finding with its remedy.
[[nodiscard]] std::string lint_text(const checks::Report& report, std::size_t line, const TableStyle& style);

struct LintCounts {
  std::size_t ok = 0;
  std::size_t warning = 0;
  std::size_t critical = 0;
  std::size_t unread = 0;  ///< faults of files, for which records could not be read
};

/// The last line.
[[nodiscard]] std::string lint_summary(const LintCounts& counts);

}  // namespace dkimprobe::exporters
