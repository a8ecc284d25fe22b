// What reports say as metric families: one mapping for a page over thousands of selectors and for the file of
// a single check. It judges nothing, and no text of a record goes into a label.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "checks/report/report.hpp"
#include "exporters/metrics/metric_text.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::exporters {

/// A report, and what only the history of its selector tells.
struct MeasuredReport {
  const checks::Report* report = nullptr;
  std::optional<probe::WallTime> key_first_seen{};
};

/// Of how many nameservers of one selector a page tells: their number is a stranger's to choose.
inline constexpr std::size_t most_servers_told = 64;

/// Family by family, each with the reports in the order given. A domain and selector may be there once: they
/// are the labels of every sample. A family that no report has a sample for is left out.
/// Returns how many series were not written: those of servers beyond `most_servers_told`.
std::size_t write_report_metrics(MetricWriter& writer, std::span<const MeasuredReport> reports);

}  // namespace dkimprobe::exporters
