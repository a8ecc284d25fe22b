// The state of a domain's key rotation: the seven steps from a new selector to the end of the old key as a
// checklist, each with its state, its earliest time, the reasons and what to do. Pure functions of the
// operator's plan, of what was published when, and of the current time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/history/history.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/report/report.hpp"
#include "checks/rotation/program_call.hpp"
#include "checks/rotation/rotation_faults.hpp"
#include "checks/rotation/signing_verdict.hpp"
#include "config/basics/escape.hpp"
#include "config/basics/timestamp.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "config/settings_edit.hpp"

namespace dkimprobe::checks {

struct RotationInput {
  config::DomainName domain{};
  std::vector<PlannedSelector> selectors{};  ///< each of them once
  std::vector<config::Selector> ring{};      ///< they sign in turn; empty: each key gets a new selector
  std::optional<std::chrono::seconds> max_key_age{};             ///< the maximum age of a key
  std::chrono::seconds selector_cooldown{std::chrono::days{7}};  ///< see SigningTerms
  std::uint32_t rsa_bits = 2048;                                 ///< of new keys
  RotationPolicy policy{};
  bool only_given_servers = false;  ///< the command line names servers, and only these are queried
  ProgramCall call{};
  std::vector<config::Selector> known_selectors{};  ///< others of the domain that the history has
};

/// The seven steps of a rotation, of which the last is in three parts, and those of an emergency.
enum class RotationStep : std::uint8_t {
  choose,
  generate,
  publish,
  check,
  sign,
  wait,
  revoke,
  delete_record,
  gone,  ///< no cache has the key any more
  // A compromised key: nothing to wait for. `revoke` and `gone` come here too.
  stop_signing,
  replace,
  clean_up,
};

enum class StepState : std::uint8_t {
  done,
  due,      ///< the operator has to act
  pending,  ///< waits for a time or for an earlier step
  blocked,  ///< something must be fixed first
  unknown,  ///< what it depends on could not be checked, or is not in the settings
};

/// What the lines of an action are.
enum class ActionKind : std::uint8_t {
  command,   ///< one command for a shell
  record,    ///< a line of a zone file
  settings,  ///< lines of the settings file
};

/// Something to do: a sentence, and the lines to copy, if any.
struct RotationAction {
  config::EscapedText summary{};  ///< a sentence
  std::vector<config::EscapedText> lines{};
  ActionKind kind = ActionKind::command;
  std::vector<config::SelectorChange> changes{};  ///< that the lines of `settings` say
};

struct PlannedStep {
  RotationStep step = RotationStep::choose;
  StepState state = StepState::pending;
  std::optional<WallTime> since{};     ///< of `done`, if known
  std::optional<WallTime> earliest{};  ///< of `due` and `pending`, if known
  config::EscapedText summary{};       ///< a sentence: why it is in this state
  std::vector<ReasonDetail> reasons{};
  std::vector<RotationAction> actions{};
  std::vector<ServerProgress> servers{};  ///< for steps that depend on servers
};

/// The change from one selector to the next.
struct RotationChange {
  std::optional<config::Selector> from{};  ///< none: no key signed before
  std::optional<config::Selector> to{};    ///< none: there is no next one
  bool to_is_new = false;                  ///< `to` is a proposed new selector
  bool emergency = false;
  std::vector<PlannedStep> steps{};
};

/// A key that no longer signs.
struct OldKey {
  config::Selector selector{};
  bool compromised = false;  ///< somebody else has it, so nothing waits for mail in transit
  SafeTime remove{};
  SafeTime gone{};
  std::optional<WallTime> overdue_at{};  ///< it should be removed by then: see `removal_grace`
  bool published = false;                ///< some server still has it
  bool still_published = false;          ///< and it is overdue
  bool removed_too_early = false;
};

/// The facts that monitoring needs of a rotation.
struct RotationState {
  std::optional<config::Selector> current{};
  std::vector<config::Selector> also_active{};  ///< besides `current`
  std::optional<config::Selector> next{};
  std::optional<WallTime> key_since{};  ///< when the current key was first published
  bool key_may_be_older = false;        ///< the first probe already saw it
  std::optional<WallTime> due_at{};     ///< `key_since` + the maximum age
  bool overdue = false;
  bool next_everywhere = false;  ///< every server has the next key
  SafeTime sign{};               ///< with the next key
  std::vector<OldKey> old_keys{};
};

/// Something wrong or overdue.
struct RotationFault {
  const RotationFaultRow* row = nullptr;  ///< of the table, which lives as long as the program
  Severity severity = Severity::warning;
  config::Selector selector{};
  config::EscapedText clause{};    ///< what is wrong
  config::EscapedText evidence{};  ///< where it was seen; may be empty
  config::EscapedText remedy{};    ///< a sentence; empty if the checklist has it
};

struct RotationOverview {
  config::DomainName domain{};
  WallTime now{};
  Status status = Status::unknown;
  config::EscapedText headline{};  ///< one clause
  /// Whether a change has begun, or is due to begin, and is not complete. Without that, `ok` means that all
  /// is done; with it, that the next step waits for a time.
  bool in_progress = false;
  RotationState state{};
  std::vector<RotationFault> faults{};       ///< worst first
  std::vector<RotationChange> changes{};     ///< one for each key that no longer signs, then the next
  std::vector<config::EscapedText> notes{};  ///< sentences
  config::EscapedText plan_command{};        ///< prints all steps of the next change; of `plan_rotation`
};

/// `ok`: nothing is due. `warning`: the operator has to act, or something is overdue. `critical`: mail fails
/// or may fail. `unknown`: the next step depends on something that could not be checked or is not in the
/// settings.
[[nodiscard]] RotationOverview plan_rotation(const RotationInput& input, WallTime now);

/// Plans only the end of the leaked key of `compromised`, which is among the selectors, without waiting for
/// mail in transit. `critical` while a server publishes it, `warning` while caches may hold it, then `ok`,
/// whatever else is due.
[[nodiscard]] RotationOverview plan_emergency(const RotationInput& input, const config::Selector& compromised,
                                              WallTime now);

/// All steps of the next change as if it started now. The history provides times, but no step counts as done.
[[nodiscard]] RotationOverview plan_next(const RotationInput& input, WallTime now);

/// The word for the step in every output, in `--step` and in labels of metrics.
[[nodiscard]] std::string_view to_string(RotationStep step);
/// The steps that change the settings; the last two are those of an emergency.
[[nodiscard]] std::span<const RotationStep> settings_steps();
[[nodiscard]] std::string_view to_string(StepState state);
[[nodiscard]] std::string_view to_string(ActionKind kind);

}  // namespace dkimprobe::checks
