// Findings about records in files as JUnit XML, which CI systems show as tests: a test for each record.
#pragma once

#include <cstddef>
#include <string>

#include "checks/report/report.hpp"
#include "config/records/record_item.hpp"

namespace dkimprobe::exporters {

/// The test of a record: it fails if a finding is worse than a notice.
[[nodiscard]] std::string junit_case(const checks::Report& report, const config::FilePlace& place);

/// A fault of a file is a test with an error, or a failure for a warning; for a note it passed.
[[nodiscard]] std::string junit_case(const config::FileFault& fault);

struct JunitCounts {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
};

[[nodiscard]] std::string junit_start(const JunitCounts& counts);
[[nodiscard]] std::string junit_end();

}  // namespace dkimprobe::exporters
