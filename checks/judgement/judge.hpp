// From facts to verdicts: pure functions of an observation and of what the operator expects. The same
// observation judged again gives the same report.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "checks/catalogue/expectation.hpp"
#include "checks/history/history.hpp"
#include "checks/history/key_occurrences.hpp"
#include "checks/message/signature_field.hpp"
#include "checks/record/record_owner.hpp"
#include "checks/report/report.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// What one pass over the catalogue says of an observation.
struct Judgement {
  Report report{};
  /// What the answers alone show of a selector that signs, whatever its role and its past; the worst first.
  std::vector<Finding> in_use{};
  /// Escaped sentence, whatever the policy: why the nameservers were not heard, since something between
  /// answered for them; else empty.
  std::string path_intercepted{};
};

/// Of `signatures`, the fields of a message, those are judged that name this domain and selector. Without any
/// the report has no outcome for the rows about signatures. A time is judged as it was when the servers were
/// asked.
///
/// `history` has the observation in it already, or nothing; what was seen later is left aside. What only time
/// tells is not judged without one. `elsewhere` is where the keys of the selector stand at other selectors.
[[nodiscard]] Judgement judge(const probe::Observation& observation, const Expectation& expectation,
                              const SelectorHistory& history, const Policy& policy,
                              std::span<const SignatureField> signatures = {},
                              const KeyPlaces& elsewhere = {});
/// The same of an observation without a history.
[[nodiscard]] Judgement judge(const probe::Observation& observation, const Expectation& expectation,
                              const Policy& policy, std::span<const SignatureField> signatures = {});

/// The report on one text that no server was asked for: rows that the text alone does not answer are not
/// judged, and the report has nothing of servers and time. The size is known when the name is.
[[nodiscard]] Report judge_record(const RecordPlace& place, std::vector<std::string> strings,
                                  const Expectation& expectation, const Policy& policy);

/// The worst of several in the order critical, unknown, warning, ok; unknown when there is none.
[[nodiscard]] Status worst(std::span<const Status> statuses);
[[nodiscard]] Status worst(const std::vector<Report>& reports);

}  // namespace dkimprobe::checks
