// Shared by the steps of a rotation: server lists, and commands, records and settings to copy.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "checks/rotation/rotation_situation.hpp"

namespace dkimprobe::checks {

[[nodiscard]] bool is_wrong(Progress progress);

[[nodiscard]] bool is_right(Progress progress);

[[nodiscard]] bool is_unknown(Progress progress);

/// The servers for which `wanted` is true, for the end of a sentence.
[[nodiscard]] std::string servers_text(const std::vector<ServerProgress>& servers, bool (*wanted)(Progress));

/// A selector named after the date that the domain does not use yet.
[[nodiscard]] config::Selector new_selector(const RotationSituation& situation);

/// A selector that gets its next key: with its view if the plan has it.
struct NextSelector {
  config::Selector selector{};
  const SelectorView* view = nullptr;
  bool never_used = false;  ///< nobody can have queried it

  [[nodiscard]] const PlannedSelector* planned() const { return view == nullptr ? nullptr : view->planned; }
};

/// How long caches may deny the key once every server has it, and why.
struct SigningWait {
  std::chrono::seconds time{};
  std::string why{};
};

[[nodiscard]] SigningWait signing_wait(const RotationSituation& situation, const NextSelector& next);

/// The file of a new key in plans: `s2.example.com.pem`, or a name with a number from 2 on if earlier keys of
/// the selector have that. It contains the domain, so that two domains do not share a file, and does not look
/// like a flag.
[[nodiscard]] std::string key_file_name(const config::DomainName& domain, const config::Selector& selector,
                                        unsigned number = 1);

/// Where the next key of the selector is, in a clause; empty if it is not made yet, or for null.
[[nodiscard]] std::string where_key_is(const SelectorView* view);

[[nodiscard]] RotationAction generate_action(const RotationInput& input, const NextSelector& next);

/// The new record gets the TTL that the selector's last record had, or else that of another selector.
[[nodiscard]] RotationAction record_action(const RotationSituation& situation, const NextSelector& next);

/// A preflight that waits long enough for servers and caches.
[[nodiscard]] RotationAction preflight_action(const RotationSituation& situation, const NextSelector& next);

/// The record with an empty `p=` (RFC 6376 section 3.6.1), at a name where the operator of the domain can
/// publish it.
[[nodiscard]] RotationAction revoke_action(const RotationInput& input, const SelectorView& view);

[[nodiscard]] RotationAction delete_action(const RotationInput& input, const SelectorView& view);

[[nodiscard]] RotationAction sign_action(const std::optional<config::Selector>& from,
                                         const config::Selector& to);

/// The whole day of this time, as a date of the settings.
[[nodiscard]] config::Timestamp day_of(WallTime time);

/// The selector gets a new key; its last signature stays known.
[[nodiscard]] config::SelectorChange becomes_pending(const config::Selector& selector, bool never_used);

[[nodiscard]] config::SelectorChange becomes_active(const config::Selector& selector, WallTime time);

/// The same for one that has its key: any other key at it is a fault from then on.
[[nodiscard]] config::SelectorChange becomes_active(const SelectorView& view, WallTime time);

/// `time` is on the day of its last signature.
[[nodiscard]] config::SelectorChange becomes_retired(const config::Selector& selector, WallTime time);

/// Adds how to tell the program of the new roles: lines of the settings file and the command that writes
/// them, or without a settings file the next command.
void add_roles(const RotationSituation& situation, const std::vector<config::SelectorChange>& changes,
               PlannedStep& step);

/// Adds the command that names the present roles, for a step that waits: one that computes a day, as a plan
/// has it, would move the time each time it is run. Settings know the roles.
void add_command_for_later(const RotationSituation& situation, PlannedStep& step);

/// Adds how the selector leaves the plan. One of a ring stays until its next turn.
void add_leaving(const RotationSituation& situation, const config::Selector& selector, PlannedStep& step);

/// The command that prints all steps of the next change.
[[nodiscard]] std::string plan_command(const RotationSituation& situation);

[[nodiscard]] PlannedStep step_of(RotationStep step, StepState state, std::string summary);

/// The state of a step with this readiness whose earlier steps are done.
[[nodiscard]] StepState state_of(Readiness readiness);

[[nodiscard]] std::string change_text(const RotationChange& change);

}  // namespace dkimprobe::checks
