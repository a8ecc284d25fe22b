// Findings about records in files as SARIF 2.1.0, which code scanning reads. The parts are written one after
// the other, so that any number of results needs no memory.
#pragma once

#include <string>
#include <string_view>

#include "checks/report/report.hpp"
#include "config/records/record_item.hpp"

namespace dkimprobe::exporters {

/// The beginning of the log: the program, and as rules the checks that need a text alone and the faults of
/// files.
[[nodiscard]] std::string sarif_start(std::string_view program_version);

/// A result for each finding. `is_first`: no result was written before; the function clears it.
[[nodiscard]] std::string sarif_results(const checks::Report& report, const config::FilePlace& place,
                                        bool& is_first);

/// The same for a fault of a file.
[[nodiscard]] std::string sarif_result(const config::FileFault& fault, bool& is_first);

[[nodiscard]] std::string sarif_end();

}  // namespace dkimprobe::exporters
