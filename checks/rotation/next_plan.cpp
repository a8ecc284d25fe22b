#include <utility>

#include <fmt/format.h>

#include "checks/report/time_text.hpp"
#include "checks/rotation/next_change.hpp"
#include "checks/rotation/overview_parts.hpp"
#include "checks/rotation/rotation_actions.hpp"
#include "checks/rotation/rotation_plan.hpp"

namespace dkimprobe::checks {
namespace {

using std::chrono::seconds;

void add_step(RotationChange& change, RotationStep step, std::string summary, WallTime earliest,
              std::vector<RotationAction> actions) {
  auto planned = step_of(step, StepState::pending, std::move(summary));
  planned.earliest = earliest;
  planned.actions = std::move(actions);
  change.steps.push_back(std::move(planned));
}

/// The steps after signing.
void add_end_of_old(const RotationSituation& situation, WallTime time, RotationChange& change) {
  const RotationInput& input = situation.input;
  const SelectorView& old = *situation.current;
  const std::string from = change.from->to_string();
  time = day_of(time).last + input.policy.retention;
  add_step(
      change, RotationStep::wait,
      fmt::format("{} after the day of the last signature with {}, so that mail in transit can be verified",
                  duration_text(input.policy.retention), from),
      time, {});
  const seconds copies = old.ttl_seconds ? seconds{*old.ttl_seconds} : input.policy.unknown_wait;
  add_step(change, RotationStep::revoke, "then the key verifies nothing any more", time,
           {revoke_action(input, old)});
  add_step(
      change, RotationStep::delete_record,
      fmt::format("{} after every server has the revoked record, because caches may hold the key that long",
                  duration_text(copies)),
      time + copies, {delete_action(input, old)});
  add_step(change, RotationStep::gone, "no server has a record, and no cache can hold the key", time + copies,
           {});
}

}  // namespace

RotationOverview plan_next(const RotationInput& input, WallTime now) {
  RotationSituation situation = read_situation(input, now);
  situation.is_for_later = true;
  RotationOverview overview;
  overview.domain = input.domain;
  overview.now = now;
  overview.status = Status::ok;
  overview.state = state_of(situation, {});

  RotationChange change = next_change(situation);
  change.steps.clear();
  const std::string to = change.to->to_string();
  const SelectorView* const view = find_view(situation, *change.to);
  const bool never_used = view == nullptr ? change.to_is_new : view->planned->never_used;
  WallTime time = now;
  std::string why = change.to_is_new ? "new, named after the date" : "next in the plan";
  if (view != nullptr) {
    if (const auto rest = rests_until(input, *view); rest && *rest > now) {
      time = *rest;
      why += fmt::format("; its cooldown ends at {}", time_text(*rest));
    }
  }
  const NextSelector next{*change.to, view, never_used};
  if (view != nullptr && view == situation.next) {
    add_step(change, RotationStep::choose, fmt::format("{} is chosen already", to), time, {});
  } else {
    add_step(change, RotationStep::choose, fmt::format("{}: {}", to, why), time, {});
    add_roles(situation, {becomes_pending(*change.to, never_used)}, change.steps.back());
  }
  if (const std::string where = where_key_is(view); !where.empty())
    add_step(change, RotationStep::generate, where, time, {});
  else
    add_step(change, RotationStep::generate, "never reuse a key", time, {generate_action(input, next)});
  add_step(change, RotationStep::publish, "in every zone file or control panel that serves the name", time,
           {record_action(situation, next)});
  add_step(change, RotationStep::check, "every nameserver has it, and no cache denies it", time,
           {preflight_action(situation, next)});

  const auto [wait, sign_why] = signing_wait(situation, next);
  time += wait;
  std::vector roles{becomes_active(*change.to, time)};
  if (change.from) roles.push_back(becomes_retired(*change.from, time));
  add_step(change, RotationStep::sign, sign_why + "; preflight shows the exact time", time,
           {sign_action(change.from, *change.to)});
  add_roles(situation, roles, change.steps.back());
  if (change.from) add_end_of_old(situation, time, change);
  overview.headline = fmt::format("{}, if started now", change_text(change));
  overview.changes.push_back(std::move(change));
  return overview;
}

}  // namespace dkimprobe::checks
