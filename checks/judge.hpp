// From facts to verdicts: pure functions of an observation and of what the operator expects. The same
// observation judged again gives the same report.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checks/history.hpp"
#include "checks/key_places.hpp"
#include "checks/record_place.hpp"
#include "checks/report.hpp"
#include "checks/signature_field.hpp"
#include "config/policy.hpp"
#include "config/selector.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// What the operator says should be there.
struct Expectation {
  config::Role role = config::Role::active;
  /// Whether no other selector of the domain is in use, so that this one's missing key is all of them
  /// missing.
  bool only_selector = true;
  config::Service service = config::Service::email;  ///< what `s=` of the record must allow
  /// Whether mail is signed with i= at subdomains of d=, which `t=s` of the record forbids.
  bool subdomain_identities = false;
  /// Of the SubjectPublicKeyInfo in DER, lower-case hex: the key that should be published. Without it any
  /// key is right.
  std::optional<std::string> key_sha256{};
  /// The last one with the selector's key, or with an earlier key of it.
  std::optional<probe::WallTime> last_signature{};
  std::chrono::milliseconds highest_key_age{0};  ///< zero for no limit
  bool never_used = false;                       ///< see NewKey
};

/// What the operator decides: it turns facts into faults, sets severities and switches checks off.
using config::Policy;

/// Of `signatures`, the fields of a message, those are judged that name this domain and selector. Without any
/// the report has no outcome for the rows about signatures. A time is judged as it was when the servers were
/// asked.
///
/// `history` is what was seen before the observation, with or without it; what was seen later is left aside.
/// What only time tells is not judged without one. `elsewhere` is where the keys of the selector stand at
/// other selectors.
[[nodiscard]] Report judge(const probe::Observation& observation, const Expectation& expectation,
                           const SelectorHistory& history, const Policy& policy,
                           std::span<const SignatureField> signatures = {}, const KeyPlaces& elsewhere = {});
[[nodiscard]] Report judge(const probe::Observation& observation, const Expectation& expectation,
                           const Policy& policy, std::span<const SignatureField> signatures = {});

/// The same for one text that no server was asked for: rows that the text alone does not answer are not
/// judged, and the report has nothing of servers and time. The size is known when the name is.
[[nodiscard]] Report judge_record(const RecordPlace& place, std::vector<std::string> strings,
                                  const Expectation& expectation, const Policy& policy);

/// The worst of several in the order critical, unknown, warning, ok; unknown when there is none.
[[nodiscard]] Status worst(std::span<const Status> statuses);
[[nodiscard]] Status worst(const std::vector<Report>& reports);

}  // namespace dkimprobe::checks
