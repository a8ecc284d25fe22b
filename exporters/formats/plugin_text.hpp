// Output as a plugin of Nagios, Icinga and similar: one line with a status word, performance data after a
// `|`, and further lines of details. No foreign text can end a line, begin performance data, or be HTML.
#pragma once

#include <span>
#include <string>

#include "checks/report/report.hpp"
#include "config/policy.hpp"

namespace dkimprobe::exporters {

/// Nagios and Naemon read 8 KiB and drop the rest.
inline constexpr std::size_t longest_plugin_text = 8'000;

/// `status` is the worst of all reports. `policy` has the thresholds for the performance data.
[[nodiscard]] std::string plugin_text(std::span<const checks::Report> reports, checks::Status status,
                                      const config::Policy& policy);

/// `DKIM UNKNOWN` for a run without a verdict: `lines` are the reasons, the first one on the first line.
[[nodiscard]] std::string plugin_failure(std::span<const std::string> lines);

}  // namespace dkimprobe::exporters
