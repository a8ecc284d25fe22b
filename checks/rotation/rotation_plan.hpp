// Where the keys of a domain stand in their rotation: the seven steps from a new selector to the old key's
// end as a checklist, each step with its state, its earliest time, the reasons and what to do. Pure functions
// of the operator's plan, of what was published when, and of the time now.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/report/report.hpp"
#include "checks/rotation/probed_selector.hpp"
#include "checks/rotation/rotation_faults.hpp"
#include "config/basics/timestamp.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"

namespace dkimprobe::checks {

/// A selector as the operator plans it, and what was published for it.
struct PlannedSelector {
  config::Selector selector{};
  config::Role role = config::Role::active;
  std::optional<std::string> key_sha256{};   ///< the key that should be there; see NewKey
  std::optional<config::Timestamp> since{};  ///< when its role began
  std::optional<config::Timestamp> last_signature{};
  bool never_used = false;
  SelectorHistory history{};  ///< without any look: nothing is known
  ProbedSelector probed{};    ///< by the last probe
};

struct RotationInput {
  config::DomainName domain{};
  std::vector<PlannedSelector> selectors{};  ///< each of them once
  std::vector<config::Selector> ring{};      ///< they sign in turn; empty: each key has a new selector
  std::optional<std::chrono::seconds> max_key_age{};             ///< the highest age of a key
  std::chrono::seconds selector_cooldown{std::chrono::days{7}};  ///< a selector's rest before its next key
  std::uint32_t rsa_bits = 2048;                                 ///< of the keys that are to be made
  RotationPolicy policy{};
  bool only_given_servers = false;   ///< the command line named some, and no others are asked
  std::vector<std::string> flags{};  ///< of this command, which a preflight needs too; as they were given
};

/// The seven steps of a rotation, and those of an emergency.
enum class RotationStep : std::uint8_t {
  choose,
  make_key,
  publish,
  see,
  sign,
  wait,
  remove,
  // A key that somebody else has: no time to wait for.
  stop_signing,
  replace,
  revoke,
  gone,
  clean_up,
};

enum class StepState : std::uint8_t {
  done,
  due,      ///< it is the operator's turn
  pending,  ///< a time or an earlier step comes first
  blocked,  ///< something is wrong that has to be mended first
  unknown,  ///< what it depends on could not be seen, or was not told
};

/// Something to do: a sentence, and the very lines to copy, if any.
struct RotationAction {
  std::string summary{};  ///< escaped sentence
  std::string
      text{};  ///< safe to print and to paste as it is: a command for a shell, or a line of a zone file
  bool is_record = false;  ///< `text` is such a line
};

struct PlannedStep {
  RotationStep step = RotationStep::choose;
  StepState state = StepState::pending;
  std::optional<WallTime> since{};     ///< of `done`, where that is known
  std::optional<WallTime> earliest{};  ///< of `now` and `later`, where that is known
  std::string summary{};               ///< escaped sentence: why it is in this state
  std::vector<ReasonDetail> reasons{};
  std::vector<RotationAction> actions{};
  std::vector<ServerProgress> servers{};  ///< for steps that servers decide
};

/// The change from one selector to the next.
struct RotationChange {
  std::optional<config::Selector> from{};  ///< none: nothing signed before
  std::optional<config::Selector> to{};    ///< none: there is no next one
  bool to_is_new = false;                  ///< `to` is a proposal that nobody uses yet
  bool emergency = false;
  std::vector<PlannedStep> steps{};
};

/// A key that signs no longer.
struct OldKey {
  config::Selector selector{};
  SafeTime remove{};
  SafeTime gone{};
  bool published = false;        ///< some server still has it
  bool still_published = false;  ///< likewise, after the time to remove it
  bool removed_too_early = false;
};

/// The facts by which the rotation of a domain is watched.
struct RotationState {
  std::optional<config::Selector> current{};
  std::optional<config::Selector> next{};
  std::optional<WallTime> key_since{};  ///< when the current key was first there
  bool key_may_be_older = false;        ///< the first look saw it already
  std::optional<WallTime> due_at{};     ///< `key_since` + the highest age
  bool overdue = false;
  bool next_everywhere = false;  ///< the next key is right on every server
  SafeTime sign{};               ///< with the next key
  std::vector<OldKey> old_keys{};
};

/// What is wrong, or past its time.
struct RotationFault {
  const RotationFaultRow* row = nullptr;  ///< of the table, which lives as long as the program
  Severity severity = Severity::warning;
  config::Selector selector{};
  std::string clause{};    ///< escaped: what is wrong, in short
  std::string evidence{};  ///< escaped: where it was seen, and how; may be empty
  std::string remedy{};    ///< escaped sentence; empty where the checklist says what to do
};

struct RotationOverview {
  config::DomainName domain{};
  WallTime now{};
  Status status = Status::unknown;
  std::string headline{};  ///< one clause, escaped
  RotationState state{};
  std::vector<RotationFault> faults{};    ///< worst first
  std::vector<RotationChange> changes{};  ///< those that are not over, the oldest first, then the next
  std::vector<std::string> notes{};       ///< escaped sentences
};

/// `ok`: nothing is due. `warning`: it is the operator's turn, or something is past its time. `critical`:
/// mail is in danger. `unknown`: what comes next depends on something that could not be seen or was not told.
[[nodiscard]] RotationOverview plan_rotation(const RotationInput& input, WallTime now);

/// Somebody else has the key of `compromised`, which is among the selectors: the way to its end without a
/// time for mail in transit. `critical` as long as a server publishes it, `warning` as long as caches may
/// hold it, then `ok`, whatever else is due.
[[nodiscard]] RotationOverview plan_emergency(const RotationInput& input, const config::Selector& compromised,
                                              WallTime now);

/// The next change with everything that is to be done for it, as if it began now; to `chosen` where that is
/// given. What was seen gives times, but no step is taken for done.
[[nodiscard]] RotationOverview plan_next(const RotationInput& input,
                                         const std::optional<config::Selector>& chosen, WallTime now);

[[nodiscard]] std::string_view to_string(RotationStep step);
[[nodiscard]] std::string_view to_string(StepState state);

}  // namespace dkimprobe::checks
