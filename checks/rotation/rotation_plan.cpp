#include "checks/rotation/rotation_plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "checks/report/time_text.hpp"
#include "checks/rotation/emergency_plan.hpp"
#include "checks/rotation/fault_search.hpp"
#include "checks/rotation/key_ending.hpp"
#include "checks/rotation/next_change.hpp"
#include "checks/rotation/overview_parts.hpp"
#include "checks/rotation/rotation_actions.hpp"

namespace dkimprobe::checks {
namespace {

using config::Role;

/// The first step of the change that is not done.
const PlannedStep* next_step(const RotationChange& change) {
  const auto step = std::ranges::find_if(
      change.steps, [](const PlannedStep& each) { return each.state != StepState::done; });
  return step == change.steps.end() ? nullptr : &*step;
}

bool is_in(const RotationOverview& overview, std::initializer_list<StepState> states) {
  return std::ranges::any_of(overview.changes, [&](const RotationChange& change) {
    return std::ranges::any_of(change.steps, [&](const PlannedStep& step) {
      return std::ranges::find(states, step.state) != states.end();
    });
  });
}

bool next_is_unknown(const RotationOverview& overview) {
  return std::ranges::any_of(overview.changes, [](const RotationChange& change) {
    const PlannedStep* const step = next_step(change);
    return step != nullptr && step->state == StepState::unknown;
  });
}

std::string_view words_of(RotationStep step) {
  switch (step) {
    case RotationStep::choose:
      return "choose a selector";
    case RotationStep::generate:
      return "generate a key pair";
    case RotationStep::publish:
      return "publish the key";
    case RotationStep::check:
      return "check the key on every server";
    case RotationStep::sign:
      return "sign with the new key";
    case RotationStep::wait:
      return "wait for mail in transit";
    case RotationStep::revoke:
      return "revoke the old key";
    case RotationStep::delete_record:
      return "delete the record of the old key";
    case RotationStep::gone:
      return "gone from all caches";
    case RotationStep::stop_signing:
      return "stop signing with the compromised key";
    case RotationStep::replace:
      return "replace the compromised key";
    case RotationStep::clean_up:
      return "clean up after the compromised key";
  }
  return {};
}

std::string words_of(const PlannedStep& step) {
  const std::string_view words = words_of(step.step);
  switch (step.state) {
    case StepState::done:
      return std::string(words);
    case StepState::due:
      return step.step == RotationStep::publish &&
                     std::ranges::any_of(step.servers, is_right, &ServerProgress::progress)
                 ? "now bring the key to every server"
                 : fmt::format("now {}", words);
    case StepState::pending:
      if (step.step == RotationStep::check) return "not every server has the key yet";
      if (!step.earliest) return fmt::format("wait to {}", words);
      return step.step == RotationStep::wait ? fmt::format("{} until {}", words, time_text(*step.earliest))
                                             : fmt::format("{} from {} on", words, time_text(*step.earliest));
    case StepState::blocked:
      return fmt::format("blocked: {}", words);
    case StepState::unknown:
      return fmt::format("unknown: {}", words);
  }
  return {};
}

/// Whether the change has not begun, or waits only for the turn of a standby key.
bool is_before_its_turn(const RotationSituation& situation, const RotationChange& change,
                        const PlannedStep& step) {
  if (!change.from) return false;
  if (step.step == RotationStep::choose) return true;
  return step.step == RotationStep::sign && situation.next != nullptr &&
         situation.next->sign.safe.readiness == Readiness::ready;
}

bool is_in_progress(const RotationSituation& situation, const RotationChange& change) {
  const PlannedStep* const step = next_step(change);
  return step != nullptr &&
         !(step->state == StepState::pending && is_before_its_turn(situation, change, *step));
}

/// Nothing is due before `time`; the last change may be complete.
std::string idle_headline(const RotationOverview& overview, const std::string& signer,
                          const std::optional<WallTime>& time) {
  const RotationChange* last = nullptr;
  for (const auto& change : overview.changes) {
    if (next_step(change) != nullptr) continue;
    if (last == nullptr || last->steps.back().since < change.steps.back().since) last = &change;
  }
  return fmt::format("{}{} signs, and nothing is due{}",
                     last == nullptr ? "" : fmt::format("{} is done; ", change_text(*last)), signer,
                     time ? fmt::format(" before {}", time_text(*time)) : "");
}

/// The most important fact, in one clause.
config::EscapedText headline_of(const RotationSituation& situation, const RotationOverview& overview) {
  if (!overview.faults.empty() && overview.faults.front().severity == Severity::critical)
    return overview.faults.front().clause;
  const bool has_ending = overview.changes.size() > 1;
  for (const SelectorView* const signer : signers_of(situation)) {
    // The steps of a change that ends cover the current signer; no step covers the others.
    if ((signer != situation.current || !has_ending) && is_never_probed(*signer))
      return fmt::format("{} signs, but its key was not seen on any server", signer->selector().to_string());
  }
  for (const StepState state : {StepState::unknown, StepState::blocked, StepState::due, StepState::pending}) {
    for (const auto& change : overview.changes) {
      const PlannedStep* const step = next_step(change);
      if (step == nullptr || step->state != state) continue;
      if (!is_in_progress(situation, change))
        return idle_headline(overview, change.from->to_string(), step->earliest);
      return fmt::format("{}: {}", change_text(change), words_of(*step));
    }
  }
  return "nothing is left to do";
}

Status status_of(const RotationSituation& situation, const RotationOverview& overview) {
  if (!overview.faults.empty() && overview.faults.front().severity == Severity::critical)
    return Status::critical;
  if (std::ranges::any_of(signers_of(situation),
                          [](const SelectorView* signer) { return is_never_probed(*signer); }))
    return Status::unknown;
  if (next_is_unknown(overview)) return Status::unknown;
  if (!overview.faults.empty() || is_in(overview, {StepState::due, StepState::blocked}))
    return Status::warning;
  return Status::ok;
}

void add_notes_of_unseen(const RotationSituation& situation, RotationOverview& overview) {
  for (const SelectorView* const signer : signers_of(situation)) {
    if (is_never_probed(*signer) && !signer->planned->probed.nothing_seen.empty())
      overview.notes.push_back(
          fmt::format("{}: {}", signer->selector().to_string(), signer->planned->probed.nothing_seen));
  }
}

void add_notes(const RotationSituation& situation, RotationOverview& overview) {
  add_note_of_servers(situation.input, overview);
  if (overview.state.key_may_be_older && situation.input.call.has_settings()) {
    overview.notes.push_back(
        fmt::format("the key of {} was already there at the first probe and may be older; set `since` in the "
                    "settings file to the time when it began to sign",
                    overview.state.current->to_string()));
  }
  for (const auto& view : situation.views) {
    if (view.planned->role != Role::active || &view == situation.current) continue;
    const SelectorView* const current = situation.current;
    std::string note = fmt::format("{} is also active{}; the plan is about {}", view.selector().to_string(),
                                   view.key.sha256.empty() ? ", but no key of it was seen" : "",
                                   current == nullptr ? "the ring" : current->selector().to_string());
    // Ages can be compared only between keys.
    if (current != nullptr && key_since(*current) < key_since(view))
      note += situation.input.ring.empty() ? ", whose key is older" : ", whose key is in the ring";
    overview.notes.push_back(std::move(note));
  }
  add_notes_of_unseen(situation, overview);
  if (situation.next == nullptr || !situation.next->has_next_key()) return;
  for (const auto& limit : situation.next->sign.limits) overview.notes.push_back(limit);
}

}  // namespace

RotationOverview plan_rotation(const RotationInput& input, WallTime now) {
  const RotationSituation situation = read_situation(input, now);
  std::vector<KeyEnding> endings;
  for (const auto& view : situation.views) {
    if (view.planned->role == Role::retired || view.planned->compromised)
      endings.push_back(ending_of(situation, view));
  }
  RotationOverview overview;
  overview.domain = input.domain;
  overview.now = now;
  overview.state = state_of(situation, endings);
  find_faults(situation, endings, overview);
  bool is_replaced = true;
  for (const auto& ending : endings) {
    if (!ending.facts.compromised) {
      overview.changes.push_back(closing_change(situation, ending));
      continue;
    }
    overview.changes.push_back(emergency_change(situation, ending));
    is_replaced = is_replaced && has_replaced(overview.changes.back());
  }
  // Until then, the emergency says what signs next.
  if (is_replaced) overview.changes.push_back(next_change(situation));
  add_notes(situation, overview);
  overview.status = status_of(situation, overview);
  overview.headline = headline_of(situation, overview);
  overview.in_progress = std::ranges::any_of(
      overview.changes, [&](const RotationChange& change) { return is_in_progress(situation, change); });
  report_interception(input, overview);
  overview.plan_command = plan_command(situation);
  return overview;
}

std::string_view to_string(RotationStep step) {
  switch (step) {
    case RotationStep::choose:
      return "choose";
    case RotationStep::generate:
      return "generate";
    case RotationStep::publish:
      return "publish";
    case RotationStep::check:
      return "check";
    case RotationStep::sign:
      return "sign";
    case RotationStep::wait:
      return "wait";
    case RotationStep::revoke:
      return "revoke";
    case RotationStep::delete_record:
      return "delete";
    case RotationStep::gone:
      return "gone";
    case RotationStep::stop_signing:
      return "stop_signing";
    case RotationStep::replace:
      return "replace";
    case RotationStep::clean_up:
      return "clean_up";
  }
  return {};
}

std::span<const RotationStep> settings_steps() {
  static constexpr std::array steps = {RotationStep::choose,       RotationStep::sign,
                                       RotationStep::wait,         RotationStep::gone,
                                       RotationStep::stop_signing, RotationStep::replace};
  return steps;
}

std::string_view to_string(StepState state) {
  switch (state) {
    case StepState::done:
      return "done";
    case StepState::due:
      return "due";
    case StepState::pending:
      return "pending";
    case StepState::blocked:
      return "blocked";
    case StepState::unknown:
      return "unknown";
  }
  return {};
}

std::string_view to_string(ActionKind kind) {
  switch (kind) {
    case ActionKind::command:
      return "command";
    case ActionKind::record:
      return "record";
    case ActionKind::settings:
      return "settings";
  }
  return {};
}

}  // namespace dkimprobe::checks
