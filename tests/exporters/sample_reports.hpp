// Reports like those of the checks, for the golden files of all outputs.
#pragma once

#include <string>
#include <vector>

#include "checks/report/report.hpp"

namespace dkimprobe::exporters {

struct Sample {
  std::string name{};
  checks::Report report{};
};

/// healthy, alias, differing, dead, long, revoked, hostile, unknown: in this order.
[[nodiscard]] std::vector<Sample> sample_reports();

}  // namespace dkimprobe::exporters
