// The preflight as terminal text: first whether to sign now, then why, which servers have the key, and what
// to do next. It prints the preflight and judges nothing.
#pragma once

#include <string>
#include <vector>

#include "checks/rotation/preflight.hpp"
#include "exporters/terminal/report_table.hpp"

namespace dkimprobe::exporters {

/// The full text.
[[nodiscard]] std::string preflight_text(const checks::Preflight& preflight, const TableStyle& style);

/// The answer in one line, without colour: "NOT READY: 1 of 5 servers has another key".
[[nodiscard]] std::string preflight_headline(const checks::Preflight& preflight);

/// The progress of the key: one line per server, each within the columns of the style.
[[nodiscard]] std::vector<std::string> progress_lines(const checks::Preflight& preflight,
                                                      const TableStyle& style);

/// One line about one server, without colour: "ns1.example.com (192.0.2.1) for s2._domainkey.example.com:
/// match".
[[nodiscard]] std::string progress_line(const checks::ServerProgress& server);

}  // namespace dkimprobe::exporters
