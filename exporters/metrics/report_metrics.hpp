// Reports as metric families, for the page of a daemon with thousands of selectors and for the textfile of a
// single check. It judges nothing, and no text of a record becomes a label.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "checks/report/report.hpp"
#include "exporters/metrics/metric_text.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::exporters {

/// A report, with a fact that only the history of its selector has.
struct MeasuredReport {
  const checks::Report* report = nullptr;
  std::optional<probe::WallTime> key_first_seen{};
};

/// Largest number of nameservers per selector on a page. The limit is needed because the zone's owner chooses
/// their number.
inline constexpr std::size_t most_servers_listed = 64;

/// Writes family by family, each with the reports in the given order. A pair of domain and selector may occur
/// only once, because it labels every sample. Families without samples are left out. Returns how many series
/// were left out: those of servers beyond `most_servers_listed`.
std::size_t write_report_metrics(MetricWriter& writer, std::span<const MeasuredReport> reports);

}  // namespace dkimprobe::exporters
