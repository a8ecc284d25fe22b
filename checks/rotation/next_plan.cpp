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

/// How long caches may deny the key after every server has it, and why.
struct SigningWait {
  seconds wait{};
  std::string why{};
};

SigningWait signing_wait(const RotationInput& input, const SelectorView* view, bool never_used) {
  if (never_used)
    return {seconds{0}, "as soon as every server has it, because nobody can have queried it before"};
  if (view != nullptr && view->longest_ttl) {
    const seconds wait{*view->longest_ttl};
    return {wait, fmt::format("{} after every server has it: caches may hold the previous answer that long",
                              duration_text(wait))};
  }
  const seconds wait = input.policy.unknown_wait;
  return {wait, fmt::format("{} after every server has it, because what caches hold is unknown",
                            duration_text(wait))};
}

/// The steps wait and remove for the old key.
void add_end_of_old(const RotationSituation& situation, WallTime time, RotationChange& change) {
  const RotationInput& input = situation.input;
  const SelectorView& old = *situation.current;
  const std::string from = change.from->to_string();
  time += input.policy.retention;
  add_step(change, RotationStep::wait,
           fmt::format("{} after the last signature with {}, so that mail in transit can be verified",
                       duration_text(input.policy.retention), from),
           time, {});
  const seconds copies = old.ttl_seconds ? seconds{*old.ttl_seconds} : input.policy.unknown_wait;
  add_step(change, RotationStep::remove, "revoke first, delete later", time,
           {revoke_action(input, old),
            {fmt::format("delete the record of {} once no cache can hold its key: {} after every server has "
                         "the revoked record, so from {} on",
                         from, duration_text(copies), time_text(time + copies)),
             {}}});
}

}  // namespace

RotationOverview plan_next(const RotationInput& input, const std::optional<config::Selector>& chosen,
                           WallTime now) {
  const RotationSituation situation = read_situation(input, now);
  RotationOverview overview;
  overview.domain = input.domain;
  overview.now = now;
  overview.status = Status::ok;
  overview.state = state_of(situation, {});

  RotationChange change = next_change(situation);
  if (chosen) {
    change.to = chosen;
    change.to_is_new = find_view(situation, *chosen) == nullptr;
  }
  change.steps.clear();
  const std::string to = change.to->to_string();
  const SelectorView* const view = find_view(situation, *change.to);
  // A selector from the command line may have been used before.
  const bool never_used = (change.to_is_new && !chosen) || (view != nullptr && view->planned->never_used);
  WallTime time = now;
  std::string why = "given on the command line";
  if (!chosen) why = change.to_is_new ? "new, named after the date" : "next in the plan";
  if (view != nullptr) {
    if (const auto rest = rests_until(input, *view); rest && *rest > now) {
      time = *rest;
      why += fmt::format("; its cooldown ends at {}", time_text(*rest));
    }
  }
  add_step(change, RotationStep::choose, fmt::format("{}: {}", to, why), time,
           {{fmt::format("in the settings file: {} with the role pending{}", to,
                         never_used ? " and never_used: yes" : ""),
             {}}});
  add_step(change, RotationStep::make_key, "never reuse a key", time, {make_key_action(input, *change.to)});
  add_step(change, RotationStep::publish, "in every zone file or control panel that serves the name", time,
           {record_action(input, *change.to)});
  add_step(change, RotationStep::see, "every nameserver has it, and no cache denies it", time,
           {preflight_action(input, *change.to, never_used)});

  const auto [wait, sign_why] = signing_wait(input, view, never_used);
  time += wait;
  add_step(
      change, RotationStep::sign, sign_why + "; preflight shows the exact time", time,
      {sign_action(change.from, *change.to),
       {change.from
            ? fmt::format(
                  "in the settings file: {} with the role active and since, {} with the role retired and "
                  "last_signature",
                  to, change.from->to_string())
            : fmt::format("in the settings file: {} with the role active and since", to),
        {}}});
  if (change.from) add_end_of_old(situation, time, change);
  overview.headline = fmt::format("{}, if started now", change_text(change));
  overview.changes.push_back(std::move(change));
  return overview;
}

}  // namespace dkimprobe::checks
