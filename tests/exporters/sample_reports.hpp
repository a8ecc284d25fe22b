// Reports as the checks would make them, for the golden files of every output.
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
