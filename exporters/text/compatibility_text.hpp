// Which verifiers accept a record, and the rewrite that all accept, as lines for people.
#pragma once

#include <string>
#include <vector>

#include "checks/report/report.hpp"

namespace dkimprobe::exporters {

/// "rejected by mox 0.0.17: s= is empty": one line for each reason, then how many accept the record. Empty
/// if all accept it or it has no key.
[[nodiscard]] std::vector<std::string> verifier_lines(const checks::Report& report);

/// The tags that the rewrite removes and adds, as in a diff: "-k=RSA", "+k=rsa". Empty without a rewrite.
[[nodiscard]] std::vector<std::string> rewrite_lines(const checks::Report& report);

}  // namespace dkimprobe::exporters
