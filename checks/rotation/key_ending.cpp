#include "checks/rotation/key_ending.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "checks/report/time_text.hpp"
#include "checks/rotation/rotation_actions.hpp"

namespace dkimprobe::checks {
namespace {

PlannedStep wait_step(const KeyEnding& ending, const RotationInput& input) {
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
                                 duration_text(input.policy.retention));
      break;
    case Readiness::wait:
    case Readiness::not_ready:
      step.state = StepState::pending;
      step.earliest = remove.at;
      step.summary = fmt::format("mail signed with {} may be in transit for {}", from,
                                 duration_text(input.policy.retention));
      break;
    case Readiness::unknown:
      step.summary = fmt::format("the last signature with {} is unknown", from);
      step.actions.push_back(
          {fmt::format("set it in the settings file: last_signature of the selector {}", from), {}});
      break;
  }
  return step;
}

PlannedStep remove_step(const KeyEnding& ending, const RotationInput& input, StepState waiting) {
  const std::string from = ending.facts.selector.to_string();
  auto step = step_of(RotationStep::remove, StepState::pending, "");
  step.servers = ending.gone.servers;
  if (ending.facts.published) {
    step.actions.push_back(revoke_action(input, *ending.view));
    if (waiting == StepState::done) {
      step.state = StepState::due;
      step.earliest = ending.facts.remove.at;
      step.summary = "still published by " + servers_text(ending.gone.servers, is_right);
    } else {
      step.state = waiting == StepState::unknown ? StepState::unknown : StepState::pending;
      step.earliest = ending.facts.remove.at;
      step.summary = fmt::format(
          "keep the key of {} published until then; then revoke it with an empty p=, and delete the record "
          "later",
          from);
    }
    return step;
  }
  step.reasons = ending.facts.gone.reasons;
  switch (ending.facts.gone.readiness) {
    case Readiness::ready:
      step.state = StepState::done;
      step.since = ending.facts.gone.at;
      step.summary = fmt::format("no server has the key of {}, and no cache can hold it", from);
      break;
    case Readiness::wait:
      step.earliest = ending.facts.gone.at;
      step.summary = fmt::format(
          "no server has the key of {} any more; caches may hold it until then; after that, the record may "
          "be deleted",
          from);
      break;
    case Readiness::not_ready:
    case Readiness::unknown:
      step.state = StepState::unknown;
      step.summary =
          ending.view->probed() ? "not every server could be checked" : "no server has been queried yet";
      break;
  }
  return step;
}

/// Whether every server has the key that signs now.
PlannedStep seen_step(const SelectorView* current, const std::string& to, const std::string& nobody) {
  auto see = step_of(RotationStep::see, StepState::done, current == nullptr ? nobody : "");
  if (current != nullptr) {
    see.servers = current->sign.servers;
    if (current->match_everywhere()) {
      see.summary = fmt::format("every server has the key of {}", to);
    } else if (std::ranges::any_of(see.servers, is_wrong, &ServerProgress::progress)) {
      see.state = StepState::blocked;
      see.summary =
          fmt::format("{} signs, but its key does not match at ", to) + servers_text(see.servers, is_wrong);
    } else {
      see.state = StepState::unknown;
      see.summary = current->probed() ? "not checked: " + servers_text(see.servers, is_unknown)
                                      : "no server has been queried yet";
    }
  }
  return see;
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
  ending.facts.remove = safe_to_remove(last, situation.input.policy, situation.now);
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
  ending.facts.still_published = ending.facts.published && ready == Readiness::ready;
  ending.facts.removed_too_early = ending.removed_somewhere && ready == Readiness::wait;
  return ending;
}

bool is_over(const KeyEnding& ending) {
  if (ending.facts.published || ending.facts.removed_too_early) return false;
  return ending.facts.gone.readiness == Readiness::ready ||
         (ending.facts.gone.readiness == Readiness::unknown && ending.removed_somewhere);
}

RotationChange closing_change(const RotationSituation& situation, const KeyEnding& ending) {
  RotationChange change;
  change.from = ending.facts.selector;
  const SelectorView* const current = situation.current;
  if (current != nullptr) change.to = current->selector();
  const std::string to = current == nullptr ? "" : change.to->to_string();
  const std::string nobody = "no selector of the plan signs now";
  for (const RotationStep step : {RotationStep::choose, RotationStep::make_key, RotationStep::publish}) {
    auto done = step_of(step, StepState::done, current == nullptr ? nobody : "");
    if (current != nullptr && step != RotationStep::choose) done.since = current->key_first_seen;
    change.steps.push_back(std::move(done));
  }
  change.steps.push_back(seen_step(current, to, nobody));
  auto sign =
      step_of(RotationStep::sign, StepState::done, current == nullptr ? nobody : fmt::format("{} signs", to));
  if (current != nullptr && current->planned->since) sign.since = current->planned->since->first;
  change.steps.push_back(std::move(sign));
  change.steps.push_back(wait_step(ending, situation.input));
  PlannedStep remove = remove_step(ending, situation.input, change.steps.back().state);
  const PlannedStep& seen = change.steps[3];
  if (remove.state != StepState::done && ending.facts.published && seen.state == StepState::blocked) {
    // It may be the only key that still works.
    remove.state = StepState::blocked;
    remove.earliest.reset();
    remove.actions.clear();
    remove.summary = fmt::format("not while the key of {}, which signs, does not match on every server", to);
  }
  change.steps.push_back(std::move(remove));
  return change;
}

}  // namespace dkimprobe::checks
