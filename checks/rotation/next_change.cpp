#include "checks/rotation/next_change.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "checks/report/time_text.hpp"
#include "checks/rotation/key_ending.hpp"
#include "checks/rotation/rotation_actions.hpp"

namespace dkimprobe::checks {
namespace {

using config::Role;
using std::chrono::seconds;

bool is_corrupted(Progress progress) {
  return progress == Progress::corrupted;
}

bool has_other_key(Progress progress) {
  return progress == Progress::mismatch;
}

bool is_not_right(Progress progress) {
  return !is_right(progress);
}

NextSelector next_selector(const RotationSituation& situation, const RotationChange& change) {
  const SelectorView* const view = find_view(situation, *change.to);
  return {*change.to, view, view == nullptr ? change.to_is_new : view->planned->never_used};
}

/// Whether the cooldown of the next selector, which the settings name, is over.
PlannedStep rest_step(const RotationSituation& situation, const std::string& to) {
  const SelectorView& next = *situation.next;
  const auto rest = rests_until(situation.input, next);
  const bool is_resting = rest && *rest > situation.now;
  // Unless it is known to have signed, its key may be the correction of a wrong one.
  if (is_resting && (next.reuse || !next.has_next_key())) {
    auto step =
        step_of(RotationStep::choose, StepState::pending,
                fmt::format("{} signed or had another key recently: its cooldown before the next key is {}",
                            to, duration_text(cooldown_of(terms_for(situation.input, next.planned)))));
    step.earliest = rest;
    if (next.reuse) {
      step.state = StepState::blocked;
      step.summary += ", but it already has its next key";
    }
    return step;
  }
  auto step =
      step_of(RotationStep::choose, StepState::done,
              is_resting                 ? fmt::format("{} already has its next key", to)
              : rest                     ? fmt::format("the cooldown of {} is over", to)
              : next.planned->never_used ? fmt::format("{} was never used", to)
                                         : fmt::format("{} is next; no earlier use of it is known", to));
  if (const auto& since = situation.next->planned->since) step.since = since->first;
  return step;
}

/// Whether servers or caches may still have the key with which the selector signed before.
bool has_unfinished_end(const RotationSituation& situation, const SelectorView& view) {
  if (view.planned->role != Role::retired) return false;
  const OldKey& old = ending_of(situation, view).facts;
  return old.published || old.gone.readiness != Readiness::ready;
}

/// When the key is due is not known: the operator decides it.
void add_undecided_time(const RotationSituation& situation, PlannedStep& step) {
  const bool has_settings = situation.input.call.has_settings();
  step.summary += situation.input.max_key_age ? "; when the key is due is unknown, because no key was seen"
                  : has_settings              ? "; max_key_age is not set, so you decide when it is due"
                                              : "; you decide when it is due";
  if (situation.current == nullptr) step.state = StepState::due;
  if (!has_settings) step.actions.back().summary = "to begin, run this command, which names the new selector";
}

PlannedStep choose_step(const RotationSituation& situation, const RotationChange& change) {
  const WallTime now = situation.now;
  const std::string to = change.to->to_string();
  if (situation.next != nullptr) return rest_step(situation, to);
  const Due due = due_of(situation);
  auto step = step_of(RotationStep::choose, StepState::pending, "");
  std::optional<WallTime> earliest = due.begin;
  if (situation.comes_next != nullptr) {
    step.summary = fmt::format("{} is next in the ring", to);
    if (const auto rest = rests_until(situation.input, *situation.comes_next); rest && *rest > now) {
      earliest = std::max(earliest.value_or(*rest), *rest);
      step.summary += fmt::format("; its cooldown ends at {}", time_text(*rest));
    }
    if (has_unfinished_end(situation, *situation.comes_next)) {
      step.summary += "; its earlier key must be gone first";
      return step;
    }
  } else {
    step.summary = fmt::format("a new selector, named after the date, such as {}", to);
  }
  add_roles(situation, {becomes_pending(*change.to, change.to_is_new)}, step);
  step.earliest = earliest;
  if (!due.at) {
    add_undecided_time(situation, step);
  } else {
    step.summary +=
        fmt::format("; the key of {} is due to change at {}", change.from->to_string(), time_text(*due.at));
    if (is_reached(earliest, now)) step.state = StepState::due;
  }
  return step;
}

PlannedStep generate_step(const RotationSituation& situation, const std::string& to, bool chosen,
                          const RotationChange& change) {
  const SelectorView* const next = situation.next;
  const bool is_there = next != nullptr && next->has_next_key();
  const std::string where = where_key_is(next);
  const bool is_made = is_there || !where.empty();
  auto generate =
      step_of(RotationStep::generate,
              is_made  ? StepState::done
              : chosen ? StepState::due
                       : StepState::pending,
              is_there  ? fmt::format("there is a key for {}", to)
              : is_made ? where
              : chosen  ? fmt::format("there is no key for {} yet, and no file {} in this directory", to,
                                      key_file_name(situation.input.domain, *change.to))
                        : fmt::format("a new key pair for {}; never reuse a key", to));
  if (is_made && is_there) generate.since = next->key.first_seen;
  if (!is_made)
    generate.actions.push_back(generate_action(situation.input, next_selector(situation, change)));
  return generate;
}

/// Some server has the key: on all that show something, it is done.
void describe_published(const RotationSituation& situation, const SelectorView& next,
                        const RotationChange& change, PlannedStep& publish) {
  const auto& servers = next.sign.servers;
  const std::size_t right = next.count(Progress::match);
  publish.summary = fmt::format("{} of {} servers {} it", right, servers.size(), right == 1 ? "has" : "have");
  if (next.count(Progress::corrupted) == 0 &&
      std::ranges::any_of(servers, is_wrong, &ServerProgress::progress)) {
    publish.state = StepState::due;
    publish.summary += "; publish it too where the others get the zone from, or wait until they transfer it";
    publish.actions.push_back(preflight_action(situation, next_selector(situation, change)));
    return;
  }
  publish.state = StepState::done;
  for (const auto& server : servers) {
    if (!is_right(server.progress) || !server.since) continue;
    publish.since = std::min(publish.since.value_or(*server.since), *server.since);
  }
}

/// Why no server counts as having the key.
std::string why_unpublished(const SelectorView& next, const std::string& to) {
  if (next.holds_earlier_key()) return fmt::format("{} still has the key that it signed with before", to);
  if (next.count(Progress::mismatch) == 0) return "no server has the key";
  return fmt::format("servers have another key than {}: {}",
                     next.planned->is_key_of_file ? next.planned->key_file : "the settings name",
                     servers_text(next.sign.servers, has_other_key));
}

PlannedStep publish_step(const RotationSituation& situation, const SelectorView& next, bool ready,
                         const RotationChange& change) {
  const std::string to = change.to->to_string();
  auto publish = step_of(RotationStep::publish, StepState::pending, fmt::format("the record of {}", to));
  const auto& servers = next.sign.servers;
  if (next.has_next_key()) {
    describe_published(situation, next, change, publish);
  } else if (next.count(Progress::corrupted) > 0) {
    publish.state = StepState::blocked;
    publish.summary = "verifiers cannot use the published record: " + servers_text(servers, is_corrupted);
  } else if (next.count(Progress::unknown) == servers.size()) {
    publish.state = StepState::unknown;
    publish.summary = next.probed() ? "no server could be checked" : "no server has been queried yet";
  } else {
    if (ready) publish.state = StepState::due;
    publish.summary = why_unpublished(next, to);
    publish.actions.push_back(record_action(situation, next_selector(situation, change)));
  }
  return publish;
}

/// Without an expected key, the servers only agree.
std::string seen_everywhere(const SelectorView& next) {
  const std::size_t count = next.sign.servers.size();
  if (next.planned->key_sha256) {
    return count == 1 ? "the only server has the correct key"
                      : fmt::format("all {} servers have the correct key", count);
  }
  return (count == 1 ? "the only server has a key" : fmt::format("all {} servers have the same key", count)) +
         "; whether it is yours is unknown here: preflight compares it with --key FILE";
}

PlannedStep check_step(const RotationSituation& situation, const SelectorView& next,
                       const RotationChange& change) {
  auto check = step_of(RotationStep::check, StepState::pending, "every nameserver, queried one by one");
  const auto& servers = next.sign.servers;
  const std::size_t right = next.holds_earlier_key() ? 0 : next.count(Progress::match);
  const bool damaged = next.count(Progress::corrupted) > 0;
  if (right > 0 && right == servers.size()) {
    check.state = StepState::done;
    check.summary = seen_everywhere(next);
    for (const auto& server : servers) {
      if (server.since) check.since = std::max(check.since.value_or(*server.since), *server.since);
    }
  } else if (right > 0) {
    check.state = damaged                             ? StepState::blocked
                  : next.count(Progress::unknown) > 0 ? StepState::unknown
                                                      : StepState::pending;
    check.summary = fmt::format("{} of {} servers {} the correct key; not yet: ", right, servers.size(),
                                right == 1 ? "has" : "have") +
                    servers_text(servers, is_not_right);
    check.actions.push_back(preflight_action(situation, next_selector(situation, change)));
  }
  return check;
}

/// The steps that bring the next key to every server.
void add_publishing(const RotationSituation& situation, RotationChange& change) {
  const SelectorView* const next = situation.next;
  const std::string to = change.to->to_string();
  const bool chosen = change.steps.back().state == StepState::done;
  change.steps.push_back(generate_step(situation, to, chosen, change));
  if (next == nullptr) {
    auto publish = step_of(RotationStep::publish, StepState::pending, fmt::format("the record of {}", to));
    publish.actions.push_back(record_action(situation, next_selector(situation, change)));
    auto check = step_of(RotationStep::check, StepState::pending, "every nameserver, queried one by one");
    check.actions.push_back(preflight_action(situation, next_selector(situation, change)));
    change.steps.insert(change.steps.end(), {std::move(publish), std::move(check)});
    return;
  }
  const bool is_made = change.steps.back().state == StepState::done;
  auto publish = publish_step(situation, *next, chosen && is_made, change);
  if (chosen) publish.servers = next->sign.servers;
  change.steps.push_back(std::move(publish));
  change.steps.push_back(check_step(situation, *next, change));
}

/// The next key may sign. A standby key can take over at once, but is not due before the current key is.
void describe_ready(const RotationSituation& situation, const SelectorView& next, const std::string& to,
                    PlannedStep& step) {
  const Due due = due_of(situation);
  step.summary = fmt::format("no cache can still deny the key of {}", to);
  if (next.planned->role == Role::standby && situation.current != nullptr &&
      !is_reached(due.at, situation.now)) {
    step.state = StepState::pending;
    step.summary = fmt::format("{} is on standby and may sign at any time", to);
    if (due.at)
      step.summary += fmt::format("; it is due at {}", time_text(*due.at));
    else if (situation.input.call.has_settings())
      step.summary += "; max_key_age is not set";
    step.earliest = due.at;
    step.reasons.clear();
  }
}

void add_signing_actions(const RotationSituation& situation, const RotationChange& change,
                         PlannedStep& step) {
  step.actions.push_back(sign_action(change.from, *change.to));
  std::vector roles{becomes_active(*situation.next, situation.now)};
  if (change.from) roles.push_back(becomes_retired(*change.from, situation.now));
  add_roles(situation, roles, step);
}

std::string why_to_wait(const SelectorView& next) {
  const std::string to = next.selector().to_string();
  return next.sign.safe.reasons.front().is(Reason::selector_cooldown)
             ? fmt::format("the cooldown of {} is not over", to)
             : fmt::format("a cache may still answer that the key of {} does not exist", to);
}

std::string why_not(const SelectorView& next) {
  if (!next.match_everywhere()) return "not every server has the key";
  const ReasonDetail& last = next.sign.safe.reasons.back();
  return last.is(Reason::selector_reused_too_soon)
             ? last.detail.str()
             : fmt::format("mail signed with it would fail: {}", last.detail);
}

PlannedStep sign_step(const RotationSituation& situation, const RotationChange& change) {
  const SelectorView* const next = situation.next;
  auto step =
      step_of(RotationStep::sign, StepState::pending, "the safe time is known once every server has the key");
  if (next == nullptr || !next->has_next_key()) return step;
  const SafeTime& safe = next->sign.safe;
  step.state = state_of(safe.readiness);
  step.earliest = safe.at;
  step.reasons = safe.reasons;
  switch (safe.readiness) {
    case Readiness::ready:
      describe_ready(situation, *next, change.to->to_string(), step);
      add_signing_actions(situation, change, step);
      break;
    case Readiness::wait:
      step.summary = why_to_wait(*next);
      step.actions.push_back(preflight_action(situation, next_selector(situation, change)));
      break;
    case Readiness::not_ready:
      step.summary = why_not(*next);
      if (change.steps.back().state == StepState::pending) step.state = StepState::pending;
      break;
    case Readiness::unknown:
      step.summary =
          next->match_everywhere() && !next->planned->probed.doubts.empty()
              ? next->planned->probed.doubts.front().detail
              : "not every server could be checked, and an unchecked server does not count as ready";
      break;
  }
  return step;
}

/// The steps after signing of a change whose last signature is still in the future.
void add_ending(const RotationSituation& situation, RotationChange& change) {
  if (!change.from) {
    change.steps.push_back(step_of(RotationStep::wait, StepState::done, "no other key signs"));
    for (const RotationStep step : {RotationStep::revoke, RotationStep::delete_record, RotationStep::gone})
      change.steps.push_back(step_of(step, StepState::done, "there is no old key"));
    return;
  }
  const PlannedStep& sign = change.steps.back();
  const seconds retention = situation.input.policy.retention;
  auto wait = step_of(
      RotationStep::wait, StepState::pending,
      fmt::format("{} after the day of the last signature with {}, so that mail in transit can be verified",
                  duration_text(retention), change.from->to_string()));
  const std::string from = change.from->to_string();
  auto revoke = step_of(RotationStep::revoke, StepState::pending,
                        fmt::format("replace the record of {} by one with an empty p=", from));
  const SelectorView* const old = find_view(situation, *change.from);
  if (old != nullptr && old->missing_everywhere()) {
    wait.summary =
        fmt::format("no server has the key of {}: mail signed with it cannot be verified now", from);
    revoke.summary = fmt::format("no server has a key of {} to revoke", from);
  } else {
    if (sign.earliest) wait.earliest = day_of(std::max(*sign.earliest, situation.now)).last + retention;
    revoke.earliest = wait.earliest;
  }
  change.steps.push_back(std::move(wait));
  change.steps.push_back(std::move(revoke));
  change.steps.push_back(
      step_of(RotationStep::delete_record, StepState::pending, "once no cache can hold the key"));
  change.steps.push_back(step_of(RotationStep::gone, StepState::pending,
                                 "once no server has the record and no cache can hold the key"));
}

}  // namespace

RotationChange next_change(const RotationSituation& situation) {
  RotationChange change;
  if (situation.current != nullptr) change.from = situation.current->selector();
  if (situation.next != nullptr) {
    change.to = situation.next->selector();
  } else if (situation.comes_next != nullptr) {
    change.to = situation.comes_next->selector();
  } else {
    change.to = new_selector(situation);
    change.to_is_new = true;
  }
  change.steps.push_back(choose_step(situation, change));
  add_publishing(situation, change);
  change.steps.push_back(sign_step(situation, change));
  add_ending(situation, change);
  return change;
}

}  // namespace dkimprobe::checks
