// A report as terminal text: the verdict first, then the record, its sizes, a line for each server, and the
// findings with their fixes. It prints the report and judges nothing.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "checks/report/report.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::exporters {

/// What the terminal can show. Without colour or Unicode, words and ASCII carry the same information.
struct TableStyle {
  std::size_t columns = 80;
  bool color = false;
  bool unicode = true;
};

/// The full text of one report.
[[nodiscard]] std::string report_table(const checks::Report& report, const TableStyle& style);

/// One line for each of several reports.
[[nodiscard]] std::string summary_table(const config::DomainName& domain,
                                        std::span<const checks::Report> reports, const TableStyle& style);

/// The content of the line for a domain.
struct DomainSummary {
  config::DomainName domain{};
  checks::Status status = checks::Status::unknown;
  config::EscapedText headline{};  ///< of its worst selector
};

/// One line for each of several domains.
[[nodiscard]] std::string domains_table(std::span<const DomainSummary> domains, const TableStyle& style);

}  // namespace dkimprobe::exporters
