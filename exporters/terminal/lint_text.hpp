// The text output of `lint`: a few lines for each record. It prints the report and judges nothing.
#pragma once

#include <cstddef>
#include <string>

#include "checks/report/report.hpp"
#include "config/records/record_item.hpp"
#include "exporters/terminal/report_table.hpp"

namespace dkimprobe::exporters {

/// The record's line, its verdict, and each finding with its remedy.
[[nodiscard]] std::string lint_text(const checks::Report& report, std::size_t line, const TableStyle& style);

struct LintCounts {
  std::size_t ok = 0;
  std::size_t warning = 0;
  std::size_t critical = 0;
  std::size_t unread = 0;     ///< faults of files, for which records could not be read
  std::size_t compared = 0;   ///< servers whose answer was compared with a file
  std::size_t different = 0;  ///< of these, those that publish something else
  std::size_t unknown = 0;    ///< servers without such an answer
};

/// A line on a server that differs from the file.
[[nodiscard]] std::string server_text(const config::FileFault& fault, const TableStyle& style);

/// The last line, or two.
[[nodiscard]] std::string lint_summary(const LintCounts& counts);

}  // namespace dkimprobe::exporters
