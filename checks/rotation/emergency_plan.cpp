#include "checks/rotation/emergency_plan.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "checks/report/time_text.hpp"
#include "checks/rotation/fault_search.hpp"
#include "checks/rotation/key_ending.hpp"
#include "checks/rotation/overview_parts.hpp"
#include "checks/rotation/rotation_actions.hpp"
#include "checks/rotation/rotation_plan.hpp"

namespace dkimprobe::checks {
namespace {

using config::Role;

bool is_done(const PlannedStep& step) {
  return step.state == StepState::done;
}

bool is_candidate(const SelectorView& view) {
  return view.planned->role == Role::pending || view.planned->role == Role::standby;
}

/// Whether the settings file, if there is one, still has to say that the key is compromised.
bool is_unrecorded(const RotationSituation& situation, const SelectorView& bad) {
  return situation.input.call.has_settings() && !bad.planned->compromised;
}

PlannedStep stop_step(const RotationSituation& situation, const SelectorView& bad) {
  const std::string from = bad.selector().to_string();
  const auto& planned = *bad.planned;
  if (planned.role == Role::active) {
    auto step = step_of(
        RotationStep::stop_signing, StepState::due,
        fmt::format("DNS cannot show who signs. Set the role of {} to retired once nothing signs with it",
                    from));
    step.actions.push_back({fmt::format("stop signing with {} on every machine that has its key", from), {}});
    return step;
  }
  const bool is_unknown = is_unrecorded(situation, bad);
  auto step =
      step_of(RotationStep::stop_signing, is_unknown ? StepState::due : StepState::done,
              fmt::format("the role of {} is {}{}", from, config::to_string(planned.role),
                          is_unknown ? ", but the settings file does not say that it is compromised" : ""));
  if (planned.last_signature) step.since = planned.last_signature->first;
  return step;
}

/// The steps of a pending selector that nobody can have queried, up to the preflight.
PlannedStep fresh_step(const RotationSituation& situation, const SelectorView& fresh) {
  const NextSelector next{fresh.selector(), &fresh, true};
  const std::string to = fresh.selector().to_string();
  auto step = step_of(RotationStep::replace, StepState::due,
                      fmt::format("{} of {} servers have the key of {}", fresh.count(Progress::match),
                                  fresh.sign.servers.size(), to));
  const bool is_made = fresh.planned->key_sha256 || fresh.planned->has_key_file || fresh.has_next_key();
  if (!is_made) step.actions.push_back(generate_action(situation.input, next));
  if (!fresh.match_everywhere()) step.actions.push_back(record_action(situation, next));
  step.actions.push_back(preflight_action(situation, next));
  return step;
}

/// The selectors that can take over; each may be null.
struct Replacements {
  const SelectorView* active = nullptr;  ///< it signs already
  const SelectorView* ready = nullptr;   ///< it may sign now
  const SelectorView* soon = nullptr;    ///< the first that may sign later
  const SelectorView* fresh = nullptr;   ///< pending, and nobody can have queried it
};

bool is_sooner(const SelectorView& view, const SelectorView* other) {
  return other == nullptr || view.sign.safe.at < other->sign.safe.at;
}

Replacements find_replacements(const RotationSituation& situation) {
  Replacements found;
  const auto keep_first = [](const SelectorView*& kept, const SelectorView& view) {
    if (kept == nullptr) kept = &view;
  };
  for (const auto& view : situation.views) {
    if (is_compromised(situation, view)) continue;
    if (view.planned->role == Role::pending && view.planned->never_used) keep_first(found.fresh, view);
    if (!view.match_everywhere()) continue;
    if (view.planned->role == Role::active) keep_first(found.active, view);
    if (!is_candidate(view) || view.holds_earlier_key()) continue;
    if (view.sign.safe.readiness == Readiness::ready) keep_first(found.ready, view);
    if (view.sign.safe.readiness == Readiness::wait && is_sooner(view, found.soon)) found.soon = &view;
  }
  return found;
}

PlannedStep replace_step(const RotationSituation& situation, RotationChange& change) {
  const auto [active, ready, soon, fresh] = find_replacements(situation);
  if (active != nullptr) {
    change.to = active->selector();
    return step_of(RotationStep::replace, StepState::done,
                   fmt::format("{} signs, and its key is on every server", active->selector().to_string()));
  }
  if (ready != nullptr) {
    change.to = ready->selector();
    auto step = step_of(RotationStep::replace, StepState::due,
                        fmt::format("{} is ready: every server has its key, and no cache can deny it",
                                    change.to->to_string()));
    step.earliest = ready->sign.safe.at;
    step.actions.push_back(sign_action(std::nullopt, *change.to));
    return step;
  }
  if (fresh != nullptr) {
    change.to = fresh->selector();
    return fresh_step(situation, *fresh);
  }
  change.to = new_selector(situation);
  change.to_is_new = true;
  auto step =
      step_of(RotationStep::replace, StepState::due,
              "no other selector is ready; a new name that nobody can have queried is safe to sign with "
              "as soon as every server has it");
  if (soon != nullptr) {
    step.summary += fmt::format(" ({} would be safe at {})", soon->selector().to_string(),
                                time_text(*soon->sign.safe.at));
  }
  return step;
}

/// What changes in the roles by the first two steps. Settings are changed step by step; a command names all
/// roles, so it comes with the last step that is not done. A new selector is pending until its key is on
/// every server.
void add_new_roles(const RotationSituation& situation, const SelectorView& bad, RotationChange& change) {
  PlannedStep& stop = change.steps.front();
  PlannedStep& replace = change.steps.back();
  std::vector<config::SelectorChange> stopped;
  if (bad.planned->role == Role::active)
    stopped.push_back(becomes_retired(bad.selector(), situation.now));
  else if (is_unrecorded(situation, bad))
    stopped.push_back({.selector = bad.selector()});
  if (is_unrecorded(situation, bad)) stopped.back().compromised = true;
  std::vector<config::SelectorChange> signs;
  if (change.to_is_new)
    signs.push_back(becomes_pending(*change.to, true));
  else if (!is_done(replace) && replace.earliest)
    signs.push_back(becomes_active(*find_view(situation, *change.to), situation.now));
  const bool together = !situation.input.call.has_settings() && !is_done(replace);
  if (together) signs.insert(signs.begin(), stopped.begin(), stopped.end());
  if (!together && !stopped.empty()) add_roles(situation, stopped, stop);
  if (!signs.empty()) add_roles(situation, signs, replace);
}

PlannedStep revoke_step(const RotationSituation& situation, const SelectorView& bad,
                        const KeyEnding& ending) {
  const auto& servers = ending.gone.servers;
  const auto has_none = [](const ServerProgress& server) {
    return server.progress != Progress::match && server.progress != Progress::unknown;
  };
  auto step = step_of(RotationStep::revoke, StepState::due, "");
  step.servers = servers;
  const auto without = static_cast<std::size_t>(std::ranges::count_if(servers, has_none));
  if (!servers.empty() && without == servers.size()) {
    step.state = StepState::done;
    for (const auto& server : servers) {
      if (server.since) step.since = std::max(step.since.value_or(*server.since), *server.since);
    }
    step.summary = "no server publishes the key any more";
    return step;
  }
  if (!ending.facts.published) {
    step.state = StepState::unknown;
    step.summary = bad.probed() ? "not every server could be checked" : "no server has been queried yet";
  } else {
    const auto with =
        static_cast<std::size_t>(std::ranges::count(servers, Progress::match, &ServerProgress::progress));
    step.summary = fmt::format("now, do not wait for step 2: {} of {} servers still {} the key", with,
                               servers.size(), with == 1 ? "publishes" : "publish");
    if (with < servers.size()) step.summary += ": " + servers_text(servers, is_right);
    if (with + without < servers.size())
      step.summary += fmt::format("; {} could not be checked", servers.size() - with - without);
  }
  step.actions.push_back(revoke_action(situation.input, bad));
  step.actions.push_back(
      {"or delete the record; then make every server transfer the zone at once (NOTIFY). Lowering the TTL "
       "now does not affect copies that caches already hold",
       {}});
  return step;
}

PlannedStep gone_step(const KeyEnding& ending) {
  const SafeTime& gone = ending.facts.gone;
  auto step = step_of(RotationStep::gone, state_of(gone.readiness), "");
  step.reasons = gone.reasons;
  switch (gone.readiness) {
    case Readiness::ready:
      step.state = StepState::done;
      step.since = gone.at;
      step.summary = "no cache that respects the TTL can still hold the key";
      break;
    case Readiness::wait:
      step.earliest = gone.at;
      step.summary = "caches may hold the key until then, and whoever has it can sign until then";
      break;
    case Readiness::not_ready:
      step.state = StepState::pending;
      step.summary = "the time counts from when the last server stops publishing the key";
      break;
    case Readiness::unknown:
      step.summary =
          "the time counts from when the last server stops publishing the key, and not every server could be "
          "checked";
      break;
  }
  return step;
}

void add_clean_up(const RotationSituation& situation, const SelectorView& bad, RotationChange& change) {
  const std::string from = bad.selector().to_string();
  const PlannedStep& gone = change.steps.back();
  auto step = step_of(
      RotationStep::clean_up, gone.state == StepState::done ? StepState::due : StepState::pending,
      fmt::format("keep the revoked record for as long as you like; {} should not get a new key for {}", from,
                  duration_text(cooldown_of(terms_for(situation.input, bad.planned)))));
  step.earliest = gone.state == StepState::done ? gone.since : gone.earliest;
  step.actions.push_back(
      {"destroy the private key, and find out how it leaked: the new one must not leak the same way", {}});
  if (std::ranges::all_of(change.steps, is_done)) {
    step.state = StepState::done;
    step.since = gone.since;
    if (situation.input.call.has_settings() || bad.planned->compromised) {
      step.summary +=
          "; leave it in the settings file as compromised, so that the return of its key is noticed";
    } else {
      add_leaving(situation, bad.selector(), step);
      step.actions.back().summary = "the emergency is over; from now on, this command shows the rotation";
    }
  }
  change.steps.push_back(std::move(step));
}

/// Who knows that the key is compromised, and how the emergency ends if it is not.
void add_note_of_end(const RotationInput& input, const SelectorView& bad, RotationOverview& overview) {
  const std::string from = bad.selector().to_string();
  if (bad.planned->compromised) {
    overview.notes.push_back(fmt::format(
        "If nobody else has the key of {}, remove `compromised` from it in the settings file.", from));
  } else if (!input.call.has_settings()) {
    overview.notes.push_back(fmt::format(
        "That {0} is compromised is not remembered: give --compromised {0} each time until all steps are "
        "done. Without the flag, the steps are those for a key that nobody else has.",
        from));
  }
}

/// The status and headline: whether anybody can still fetch the key.
void judge_emergency(const RotationChange& change, const SelectorView& bad, RotationOverview& overview) {
  const StepState revoked = change.steps[2].state;
  const PlannedStep& copies = change.steps[3];
  const std::string from = change.from->to_string();
  if (revoked == StepState::due) {
    overview.status = Status::critical;
    overview.headline = fmt::format("{} is compromised and still published: revoke it now", from);
  } else if (revoked == StepState::unknown || copies.state == StepState::unknown) {
    overview.status = Status::unknown;
    overview.headline =
        fmt::format("whether every server has stopped publishing {} could not be checked", from);
  } else if (bad.key.sha256.empty() && !bad.key.other_last_seen && bad.count(Progress::revoked) == 0) {
    overview.status = Status::warning;
    overview.headline =
        fmt::format("no server publishes {}, and no probe ever saw a key there: is the name correct?", from);
  } else if (copies.state == StepState::pending) {
    overview.status = Status::warning;
    overview.headline = fmt::format("no server publishes {} any more; caches may", from);
    if (copies.earliest) overview.headline += fmt::format(" until {}", time_text(*copies.earliest));
  } else {
    // The headline is about the key; the steps show what else is due.
    overview.status = Status::ok;
    overview.headline = fmt::format("{}the key of {} is gone from all servers and caches",
                                    overview.in_progress ? "" : "done: ", from);
    if (bad.planned->role == Role::active) {
      overview.headline += "; make sure that nothing signs with it";
    } else if (change.steps[1].state != StepState::done) {
      overview.headline += "; signing with another key is due";
    }
  }
}

}  // namespace

RotationChange emergency_change(const RotationSituation& situation, const KeyEnding& ending) {
  const SelectorView& bad = *ending.view;
  RotationChange change;
  change.emergency = true;
  change.from = bad.selector();
  change.steps.push_back(stop_step(situation, bad));
  change.steps.push_back(replace_step(situation, change));
  add_new_roles(situation, bad, change);
  change.steps.push_back(revoke_step(situation, bad, ending));
  change.steps.push_back(gone_step(ending));
  add_clean_up(situation, bad, change);
  return change;
}

bool has_replaced(const RotationChange& emergency) {
  return std::ranges::all_of(emergency.steps, [](const PlannedStep& step) {
    return is_done(step) || (step.step != RotationStep::stop_signing && step.step != RotationStep::replace);
  });
}

RotationOverview plan_emergency(const RotationInput& input, const config::Selector& compromised,
                                WallTime now) {
  const RotationSituation situation = read_situation(input, now, compromised);
  RotationOverview overview;
  overview.domain = input.domain;
  overview.now = now;
  const SelectorView* const bad = find_view(situation, compromised);
  if (bad == nullptr) return overview;
  const KeyEnding ending = ending_of(situation, *bad);
  overview.state = state_of(situation, {ending});
  find_faults_of_old(ending, now, overview);
  overview.changes.push_back(emergency_change(situation, ending));
  overview.in_progress = !std::ranges::all_of(overview.changes.front().steps, is_done);
  judge_emergency(overview.changes.front(), *bad, overview);
  overview.notes = ending.gone.limits;
  if (overview.in_progress) add_note_of_end(input, *bad, overview);
  add_note_of_servers(input, overview);
  report_interception(input, overview);
  return overview;
}

}  // namespace dkimprobe::checks
