// Observations for tests, written short in JSON: what is not stated is as healthy servers have it. The format
// stands in tests/checks/vectors/README.md.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "checks/judgement/judge.hpp"
#include "checks/report/report.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::tests {

struct ExpectedFinding {
  std::string check{};
  std::string severity{};              ///< empty: the check's own
  std::vector<std::string> servers{};  ///< addresses, sorted
  std::vector<std::string> says{};     ///< pieces that the detail must hold
};

struct ObservationVector {
  std::string about{};
  probe::Observation observation{};
  checks::Expectation expectation{};
  checks::Policy policy{};
  checks::SelectorHistory history{};         ///< of the earlier looks; empty without them
  checks::KeyPlaces elsewhere{};             ///< of the keys, at other selectors
  std::vector<ExpectedFinding> findings{};   ///< all that must be found, nothing else may be
  std::vector<std::string> not_evaluated{};  ///< checks that must say so; others may as well
  std::vector<config::EscapedText>
      not_asked{};       ///< what the report must say of servers on the way, and no more
  std::string status{};  ///< empty: not stated
};

/// Throws std::runtime_error with the place when the vector is not well formed: a key that is not known is
/// a mistake, so that a slip of the pen cannot make a test pass.
[[nodiscard]] ObservationVector read_observation(const nlohmann::json& vector);
[[nodiscard]] ObservationVector load_observation(const std::filesystem::path& file);

/// The .json files of a folder, sorted by name.
[[nodiscard]] std::vector<std::filesystem::path> vector_files(const std::filesystem::path& folder);

/// What differs between what was expected and what was found, a line each; empty when nothing does.
[[nodiscard]] std::string differences(const ObservationVector& expected, const checks::Report& report);

/// A finding in one line: "critical ns_servfail 192.0.2.2".
[[nodiscard]] std::string summary(const checks::Finding& finding);

}  // namespace dkimprobe::tests
