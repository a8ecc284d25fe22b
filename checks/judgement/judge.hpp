// From facts to verdicts: pure functions of an observation and of the operator's expectation. The same
// observation always gives the same report.
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
#include "checks/weakness/rsa_weakness.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// The result of all checks for one observation.
struct Judgement {
  Report report{};
  /// What the answers alone show about a selector that signs, regardless of its role and history; worst
  /// first.
  std::vector<Finding> in_use{};
  /// Why the nameservers were not reached because something on the path answered for them, regardless of the
  /// policy; an escaped sentence, else empty.
  std::string path_intercepted{};
};

/// Evaluates those of `signatures`, the fields of a message, that name this domain and selector. Without any,
/// the report has no outcome for the rows about signatures. The time of the observation counts as now.
/// `history` includes the observation, or is empty; later probes in it are ignored. Without it, checks that
/// need a history are not evaluated. `elsewhere` lists where the keys of the selector are published at other
/// selectors. A caller that judges the same keys again keeps `examined`, so that their arithmetic is done
/// once.
[[nodiscard]] Judgement judge(const probe::Observation& observation, const Expectation& expectation,
                              const SelectorHistory& history, const Policy& policy,
                              std::span<const SignatureField> signatures = {},
                              const KeyPlaces& elsewhere = {}, ExaminedKeys* examined = nullptr);
/// The same without a history.
[[nodiscard]] Judgement judge(const probe::Observation& observation, const Expectation& expectation,
                              const Policy& policy, std::span<const SignatureField> signatures = {});

/// The report on one text without any query: checks that need more than the text are not evaluated, and the
/// report has no servers and times. The size is known if the name is.
[[nodiscard]] Report judge_record(const RecordPlace& place, std::vector<std::string> strings,
                                  const Expectation& expectation, const Policy& policy,
                                  ExaminedKeys* examined = nullptr);

}  // namespace dkimprobe::checks
