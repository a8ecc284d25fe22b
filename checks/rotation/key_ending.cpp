#include "checks/rotation/key_ending.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "checks/report/time_text.hpp"
#include "checks/rotation/rotation_actions.hpp"

namespace dkimprobe::checks {
namespace {

/// A last signature that is given as a day counts to its end.
std::string counted_from(const SelectorView& view) {
  const auto& last = view.planned->last_signature;
  return last && last->first != last->last ? fmt::format(
                                                 ", counted from the end of {}; if you give the time of its "
                                                 "last signature, it ends earlier",
                                                 config::to_string(*last))
                                           : "";
}

PlannedStep wait_step(const KeyEnding& ending, const RotationSituation& situation) {
  const std::string from = ending.facts.selector.to_string();
  const SafeTime& remove = ending.facts.remove;
  auto step = step_of(RotationStep::wait, StepState::unknown, "");
  step.reasons = remove.reasons;
  if (!ending.facts.published && ending.removed_somewhere && remove.readiness == Readiness::unknown) {
    step.state = StepState::done;
    step.summary = fmt::format(
        "the key of {} has been removed; without its last signature it is unknown whether that was too early",
        from);
    return step;
  }
  switch (remove.readiness) {
    case Readiness::ready:
      step.state = StepState::done;
      step.since = remove.at;
      step.summary = fmt::format("the last signature with {} is more than {} ago", from,
                                 duration_text(situation.input.policy.retention));
      break;
    case Readiness::wait:
    case Readiness::not_ready:
      step.state = StepState::pending;
      step.earliest = remove.at;
      step.summary = fmt::format("mail signed with {} may be in transit for {}{}", from,
                                 duration_text(situation.input.policy.retention), counted_from(*ending.view));
      add_command_for_later(situation, step);
      break;
    case Readiness::unknown:
      step.summary = fmt::format("the last signature with {} is unknown", from);
      add_roles(situation, {becomes_retired(ending.facts.selector, situation.now)}, step);
      step.actions.front().summary =
          fmt::format("if {} no longer signs, give the day of its last signature; this takes today", from);
      break;
  }
  return step;
}

bool has_none(Progress progress) {
  return progress != Progress::match && progress != Progress::unknown;
}

/// Whether the key is on no server any more.
PlannedStep revoke_step(const KeyEnding& ending, const RotationInput& input, StepState waiting) {
  const std::string from = ending.facts.selector.to_string();
  const auto& servers = ending.gone.servers;
  auto step = step_of(RotationStep::revoke, StepState::done, "");
  step.servers = servers;
  if (ending.facts.published) {
    step.earliest = ending.facts.remove.at;
    if (waiting == StepState::done) {
      step.state = StepState::due;
      step.summary = "still published by " + servers_text(servers, is_right);
      step.actions.push_back(revoke_action(input, *ending.view));
    } else {
      step.state = waiting == StepState::unknown ? StepState::unknown : StepState::pending;
      step.summary = fmt::format("keep the key of {} published until {}", from,
                                 waiting == StepState::unknown ? "that is known" : "then");
    }
  } else if (!servers.empty() && std::ranges::all_of(servers, has_none, &ServerProgress::progress)) {
    for (const auto& server : servers) {
      if (server.since) step.since = std::max(step.since.value_or(*server.since), *server.since);
    }
    step.summary = fmt::format("no server publishes the key of {} any more", from);
  } else {
    step.state = StepState::unknown;
    step.summary =
        ending.view->probed() ? "not every server could be checked" : "no server has been queried yet";
  }
  return step;
}

/// A revoked record stays until no cache can hold the key: until then it shows why signatures fail.
PlannedStep delete_step(const KeyEnding& ending, const RotationInput& input, StepState waiting,
                        StepState revoked) {
  auto step = step_of(RotationStep::delete_record, StepState::pending, "once no cache can hold the key");
  if (revoked != StepState::done || waiting != StepState::done) return step;
  const auto& servers = ending.gone.servers;
  const bool is_deleted =
      !ending.view->alias && std::ranges::all_of(servers, [](const ServerProgress& server) {
        return server.progress == Progress::absent;
      });
  if (is_deleted) {
    step.state = StepState::done;
    step.summary = "no server has a record";
    return step;
  }
  step.servers = servers;
  if (std::ranges::find(input.ring, ending.facts.selector) != input.ring.end()) {
    step.state = StepState::done;
    step.summary =
        fmt::format("the revoked record stays until the next turn of {}", ending.facts.selector.to_string());
    return step;
  }
  step.state = state_of(ending.facts.gone.readiness);
  step.earliest = ending.facts.gone.at;
  if (step.state == StepState::due) step.summary = "no cache can hold the key any more";
  step.actions.push_back(delete_action(input, *ending.view));
  return step;
}

/// Whether caches have dropped the key, and no server has a record any more.
PlannedStep gone_step(const KeyEnding& ending, const RotationSituation& situation, StepState deleted) {
  const SafeTime& gone = ending.facts.gone;
  auto step = step_of(RotationStep::gone, StepState::pending,
                      "once no server has the record and no cache can hold the key");
  step.reasons = gone.reasons;
  if (gone.readiness == Readiness::wait) step.earliest = gone.at;
  if (deleted != StepState::done) return step;
  switch (gone.readiness) {
    case Readiness::ready:
      step.state = StepState::done;
      step.since = gone.at;
      step.summary = fmt::format("no server has the key of {}, and no cache can hold it",
                                 ending.facts.selector.to_string());
      add_leaving(situation, ending.facts.selector, step);
      break;
    case Readiness::wait:
      step.summary = "caches may hold the key until then";
      break;
    case Readiness::not_ready:
    case Readiness::unknown:
      step.state = StepState::unknown;
      step.summary = "not every server could be checked";
      break;
  }
  return step;
}

/// Whether every server has the key that signs now.
PlannedStep checked_step(const SelectorView* current, const std::string& to, const std::string& nobody) {
  auto check = step_of(RotationStep::check, StepState::done, current == nullptr ? nobody : "");
  if (current != nullptr) {
    check.servers = current->sign.servers;
    if (current->match_everywhere()) {
      check.summary = fmt::format("every server has the key of {}", to);
    } else if (std::ranges::any_of(check.servers, is_wrong, &ServerProgress::progress)) {
      check.state = StepState::blocked;
      check.summary =
          fmt::format("{} signs, but its key does not match at ", to) + servers_text(check.servers, is_wrong);
    } else {
      check.state = StepState::unknown;
      check.summary = current->probed() ? "not checked: " + servers_text(check.servers, is_unknown)
                                        : "no server has been queried yet";
    }
  }
  return check;
}

}  // namespace

KeyEnding ending_of(const RotationSituation& situation, const SelectorView& view) {
  KeyEnding ending;
  ending.view = &view;
  const auto& planned = *view.planned;
  std::optional<WallTime> last;
  if (planned.last_signature) {
    last = planned.last_signature->last;
  } else if (planned.since) {
    last = planned.since->last;
  }
  ending.facts.selector = planned.selector;
  ending.facts.compromised = is_compromised(situation, view);
  ending.facts.remove = ending.facts.compromised
                            ? SafeTime{Readiness::ready, situation.now, {}}
                            : safe_to_remove(last, situation.input.policy, situation.now);
  ending.gone = gone(planned.history, planned.key_sha256, situation.input.policy, situation.now);
  ending.facts.gone = ending.gone.gone;
  for (const auto& server : ending.gone.servers) {
    switch (server.progress) {
      case Progress::match:
        ending.facts.published = true;
        break;
      case Progress::mismatch:
      case Progress::corrupted:
      case Progress::revoked:
      case Progress::absent:
        ending.removed_somewhere = true;
        break;
      case Progress::unknown:
        break;
    }
  }
  const Readiness ready = ending.facts.remove.readiness;
  if (ending.facts.remove.at) {
    ending.facts.overdue_at = *ending.facts.remove.at;
    if (!ending.facts.compromised)
      *ending.facts.overdue_at += removal_grace(situation.input.policy.retention);
  }
  ending.facts.still_published = ending.facts.published && is_reached(ending.facts.overdue_at, situation.now);
  ending.facts.removed_too_early = ending.removed_somewhere && ready == Readiness::wait;
  return ending;
}

RotationChange closing_change(const RotationSituation& situation, const KeyEnding& ending) {
  RotationChange change;
  change.from = ending.facts.selector;
  const SelectorView* const current = situation.current;
  if (current != nullptr) change.to = current->selector();
  const std::string to = current == nullptr ? "" : change.to->to_string();
  const std::string nobody = "no selector of the plan signs now";
  for (const RotationStep step : {RotationStep::choose, RotationStep::generate, RotationStep::publish}) {
    auto done = step_of(step, StepState::done, current == nullptr ? nobody : "");
    if (current != nullptr && step != RotationStep::choose) done.since = current->key.first_seen;
    change.steps.push_back(std::move(done));
  }
  change.steps.push_back(checked_step(current, to, nobody));
  auto sign =
      step_of(RotationStep::sign, StepState::done, current == nullptr ? nobody : fmt::format("{} signs", to));
  if (current != nullptr && current->planned->since) {
    // If only the day is known: after the key was there.
    const config::Timestamp& since = *current->planned->since;
    sign.since = std::clamp(current->key.first_seen.value_or(since.first), since.first, since.last);
  }
  change.steps.push_back(std::move(sign));
  change.steps.push_back(wait_step(ending, situation));
  const StepState waiting = change.steps.back().state;
  PlannedStep revoke = revoke_step(ending, situation.input, waiting);
  const PlannedStep& seen = change.steps[3];
  if (ending.facts.published && seen.state == StepState::blocked) {
    // It may be the only key that still works.
    revoke.state = StepState::blocked;
    revoke.earliest.reset();
    revoke.actions.clear();
    revoke.summary = fmt::format("not while the key of {}, which signs, does not match on every server", to);
  }
  change.steps.push_back(std::move(revoke));
  change.steps.push_back(delete_step(ending, situation.input, waiting, change.steps.back().state));
  change.steps.push_back(gone_step(ending, situation, change.steps.back().state));
  return change;
}

}  // namespace dkimprobe::checks
