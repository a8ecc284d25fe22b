// What a check prints as a plugin of Nagios, Icinga and their kin: one line with a status word, performance
// data after a `|`, and further lines for whoever reads on. No foreign text can end a line, begin performance
// data, or be HTML.
#pragma once

#include <span>
#include <string>

#include "checks/report/report.hpp"
#include "config/policy.hpp"

namespace dkimprobe::exporters {

/// Nagios and Naemon read 8 KiB and drop the rest.
inline constexpr std::size_t longest_plugin_text = 8'000;

/// `status` is the worst of all reports. `policy` says what the performance data is measured by.
[[nodiscard]] std::string plugin_text(std::span<const checks::Report> reports, checks::Status status,
                                      const config::Policy& policy);

/// `DKIM UNKNOWN` for a run that judged nothing: `lines` say why, the first of them at once.
[[nodiscard]] std::string plugin_failure(std::span<const std::string> lines);

}  // namespace dkimprobe::exporters
