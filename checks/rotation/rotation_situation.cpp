#include "checks/rotation/rotation_situation.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "checks/answers/server_answer.hpp"
#include "checks/record/key_record.hpp"

namespace dkimprobe::checks {
namespace {

using config::Role;
using config::Selector;
using std::chrono::days;
using std::chrono::seconds;

/// How long before the due date a change should begin: caches and corrections take days.
constexpr days longest_preparation{7};

/// The usable keys among the texts of a period.
std::vector<std::string> usable_keys(const AnswerPeriod& period) {
  std::vector<std::string> keys;
  for (const auto& strings : period.texts) {
    std::string text;
    for (const auto& part : strings) text += part;
    const KeyRecord record = read_key_record(text);
    if (record.usable() && record.key) keys.push_back(record.key->sha256);
  }
  return keys;
}

/// When a usable key was seen.
struct SeenKey {
  WallTime first{};
  WallTime last{};
  std::size_t servers = 0;  ///< that have the key now
};

bool is_right_everywhere(const SignVerdict& sign) {
  return !sign.servers.empty() && std::ranges::all_of(sign.servers, [](const ServerProgress& server) {
    return server.progress == Progress::match;
  });
}

/// When the selector may sign, including what its last probe found about signing with it.
SignVerdict sign_verdict_of(const RotationInput& input, const PlannedSelector& planned, WallTime now) {
  NewKey wanted;
  wanted.sha256 = planned.key_sha256;
  wanted.never_used = planned.never_used;
  const bool has_neighbour = std::ranges::any_of(input.selectors, [&](const PlannedSelector& other) {
    return &other != &planned && (other.role == Role::active || other.role == Role::retired);
  });
  if (!has_neighbour) wanted.domainkey_absence = planned.probed.domainkey_absence;
  SignVerdict sign = safe_to_sign(planned.history, wanted, {}, input.policy, now);

  SafeTime& safe = sign.safe;
  if (!planned.probed.doubts.empty() &&
      (safe.readiness == Readiness::ready || safe.readiness == Readiness::wait)) {
    safe.readiness = Readiness::unknown;
    safe.at.reset();
    safe.reasons.insert(safe.reasons.begin(), planned.probed.doubts.begin(), planned.probed.doubts.end());
  }
  if (!planned.probed.faults.empty() && is_right_everywhere(sign)) {
    safe.readiness = Readiness::not_ready;
    safe.at.reset();
    safe.reasons.insert(safe.reasons.begin(), planned.probed.faults.begin(), planned.probed.faults.end());
  }
  return sign;
}

/// The usable keys of the history by their SHA-256. Also sets the TTLs and the alias of the view.
std::map<std::string, SeenKey> read_timelines(const PlannedSelector& planned, SelectorView& view) {
  std::map<std::string, SeenKey> keys;
  for (const auto& timeline : planned.history.servers) {
    for (const auto& period : timeline.periods) {
      const bool is_present = &period == &timeline.periods.back();
      for (const auto& key : usable_keys(period)) {
        const auto [at, is_new] = keys.try_emplace(key, SeenKey{period.first_seen, period.last_seen, 0});
        at->second.first = std::min(at->second.first, period.first_seen);
        at->second.last = std::max(at->second.last, period.last_seen);
        if (is_present) ++at->second.servers;
      }
      if (period.ttl_seconds) view.longest_ttl = std::max(view.longest_ttl.value_or(0), *period.ttl_seconds);
      if (period.kind == PublishedKind::texts)
        view.ttl_seconds = std::max(view.ttl_seconds.value_or(0), period.ttl_seconds.value_or(0));
      if (is_present && timeline.owner == view.name && period.kind == PublishedKind::alias)
        view.alias = period.alias;
    }
  }
  return keys;
}

/// Picks the key of the selector: the expected one if present, else the one that most servers have.
void choose_key(const std::map<std::string, SeenKey>& keys, SelectorView& view) {
  const auto is_there = [](const auto& key) { return key.second.servers > 0; };
  auto chosen = view.planned->key_sha256 ? keys.find(*view.planned->key_sha256) : keys.end();
  if (chosen == keys.end() || !is_there(*chosen)) {
    const auto most = std::ranges::max_element(keys, {}, [](const auto& key) { return key.second.servers; });
    if (most != keys.end() && is_there(*most)) chosen = most;
  }
  if (chosen != keys.end() && is_there(*chosen)) {
    view.key = chosen->first;
    view.key_first_seen = chosen->second.first;
  }
  for (const auto& [key, seen] : keys) {
    if (key != view.key)
      view.other_key_last_seen = std::max(view.other_key_last_seen.value_or(seen.last), seen.last);
  }
}

SelectorView view_of(const RotationInput& input, const PlannedSelector& planned, WallTime now) {
  SelectorView view;
  view.planned = &planned;
  view.name = planned.selector.owner_name(input.domain).value_or(config::DomainName{});
  view.sign = sign_verdict_of(input, planned, now);
  choose_key(read_timelines(planned, view), view);
  return view;
}

void find_current(RotationSituation& situation) {
  const auto& ring = situation.input.ring;
  for (const auto& view : situation.views) {
    if (view.planned->role != Role::active) continue;
    if (!ring.empty() && std::ranges::find(ring, view.selector()) == ring.end()) continue;
    // Of several signing selectors, the one with the oldest key changes first.
    if (situation.current == nullptr ||
        key_since(view).value_or(situation.now) < key_since(*situation.current).value_or(situation.now)) {
      situation.current = &view;
    }
  }
}

/// The selectors in the order of their turns: those of the ring after the current one, else all.
std::vector<const SelectorView*> turns_of(const RotationSituation& situation) {
  std::vector<const SelectorView*> turns;
  std::vector<Selector> ring = situation.input.ring;
  if (ring.empty()) {
    for (const auto& view : situation.views) turns.push_back(&view);
    return turns;
  }
  if (situation.current != nullptr) {
    const auto current = std::ranges::find(ring, situation.current->selector());
    if (current != ring.end()) std::rotate(ring.begin(), current + 1, ring.end());
  }
  for (const auto& selector : ring) {
    const SelectorView* const view = find_view(situation, selector);
    if (view != nullptr && view != situation.current) turns.push_back(view);
  }
  return turns;
}

void find_next(RotationSituation& situation) {
  const auto turns = turns_of(situation);
  for (const Role role : {Role::pending, Role::standby}) {
    const auto found =
        std::ranges::find_if(turns, [&](const SelectorView* view) { return view->planned->role == role; });
    if (found != turns.end() && situation.next == nullptr) situation.next = *found;
  }
  if (!situation.input.ring.empty() && situation.next == nullptr && !turns.empty())
    situation.comes_next = turns.front();
}

}  // namespace

RotationSituation read_situation(const RotationInput& input, WallTime now) {
  RotationSituation situation{input, now};
  for (const auto& planned : input.selectors) situation.views.push_back(view_of(input, planned, now));
  find_current(situation);
  find_next(situation);
  return situation;
}

const SelectorView* find_view(const RotationSituation& situation, const Selector& selector) {
  const auto found = std::ranges::find(situation.views, selector, &SelectorView::selector);
  return found == situation.views.end() ? nullptr : &*found;
}

std::optional<WallTime> key_since(const SelectorView& view) {
  const auto& history = view.planned->history;
  if (view.key_first_seen && history.first_probe && *view.key_first_seen > *history.first_probe)
    return view.key_first_seen;
  const auto& since = view.planned->since;
  if (!since) return view.key_first_seen;
  return view.key_first_seen ? std::min(*view.key_first_seen, since->first) : since->first;
}

bool key_may_be_older(const SelectorView& view) {
  const auto& history = view.planned->history;
  const bool appeared =
      view.key_first_seen && history.first_probe && *view.key_first_seen > *history.first_probe;
  return !appeared && !view.planned->since;
}

seconds rest_of(const RotationInput& input) {
  return std::max(input.selector_cooldown, input.policy.retention);
}

std::optional<WallTime> rests_until(const RotationInput& input, const SelectorView& view) {
  if (view.planned->never_used) return std::nullopt;
  const auto& last = view.planned->last_signature;
  if (last) return last->last + rest_of(input);
  const auto& since = view.planned->since;
  if (view.planned->role == Role::retired && since) return since->last + rest_of(input);
  if (view.planned->role == Role::retired && view.key_first_seen)
    return view.planned->history.last_probe.value_or(*view.key_first_seen) + rest_of(input);
  if (view.other_key_last_seen) return *view.other_key_last_seen + rest_of(input);
  return std::nullopt;
}

Due due_of(const RotationSituation& situation) {
  Due due;
  if (situation.current == nullptr || !situation.input.max_key_age) return due;
  const auto since = key_since(*situation.current);
  if (!since) return due;
  due.at = *since + *situation.input.max_key_age;
  due.begin = *due.at - std::min<seconds>(longest_preparation, *situation.input.max_key_age / 4);
  return due;
}

bool is_reached(const std::optional<WallTime>& time, WallTime now) {
  return time && *time <= now;
}

std::vector<const SelectorView*> signers_of(const RotationSituation& situation) {
  std::vector<const SelectorView*> signers;
  if (situation.current != nullptr) signers.push_back(situation.current);
  for (const auto& view : situation.views) {
    if (view.planned->role == Role::active && view.probed() && &view != situation.current)
      signers.push_back(&view);
  }
  return signers;
}

bool is_never_probed(const SelectorView& signer) {
  return signer.count(Progress::unknown) == signer.sign.servers.size();
}

}  // namespace dkimprobe::checks
