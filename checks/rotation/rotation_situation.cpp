#include "checks/rotation/rotation_situation.hpp"

#include <algorithm>
#include <utility>

namespace dkimprobe::checks {
namespace {

using config::Role;
using config::Selector;
using std::chrono::days;
using std::chrono::seconds;

/// How long before the due date a change should begin: caches and corrections take days.
constexpr days longest_preparation{7};

/// Sets the TTLs, the alias and whether the key has appeared.
void read_timelines(SelectorView& view) {
  for (const auto& timeline : view.planned->history.servers) {
    for (const auto& period : timeline.periods) {
      const bool is_answer = period.kind != PublishedKind::unknown && period.kind != PublishedKind::failure;
      if (is_answer && view.key.first_seen && period.last_seen < *view.key.first_seen)
        view.has_appeared = true;
      if (period.ttl_seconds) view.longest_ttl = std::max(view.longest_ttl.value_or(0), *period.ttl_seconds);
      if (period.kind == PublishedKind::texts)
        view.ttl_seconds = std::max(view.ttl_seconds.value_or(0), period.ttl_seconds.value_or(0));
      const bool is_present = &period == &timeline.periods.back();
      if (is_present && timeline.owner == view.name && period.kind == PublishedKind::alias)
        view.alias = period.alias;
    }
  }
}

SelectorView view_of(const RotationInput& input, const PlannedSelector& planned, WallTime now) {
  SelectorView view;
  view.planned = &planned;
  view.name = planned.selector.owner_name(input.domain).value_or(config::DomainName{});
  const SigningTerms terms = terms_for(input, &planned);
  view.key = present_key(planned);
  view.sign = signing_verdict(planned, view.key, {}, terms, now);
  view.reuse = reuse_of(planned, view.key, view.sign, terms);
  read_timelines(view);
  return view;
}

void find_current(RotationSituation& situation) {
  const auto& ring = situation.input.ring;
  for (const auto& view : situation.views) {
    if (view.planned->role != Role::active) continue;
    if (!ring.empty() && std::ranges::find(ring, view.selector()) == ring.end()) continue;
    const auto rank = [&](const SelectorView& each) {
      return std::pair(is_compromised(situation, each), key_since(each).value_or(situation.now));
    };
    // Of several signing selectors, the one with the oldest key changes first. A compromised one is replaced
    // as an emergency.
    if (situation.current == nullptr || rank(view) < rank(*situation.current)) situation.current = &view;
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
    const auto found = std::ranges::find_if(turns, [&](const SelectorView* view) {
      return view->planned->role == role && !is_compromised(situation, *view);
    });
    if (found != turns.end() && situation.next == nullptr) situation.next = *found;
  }
  if (!situation.input.ring.empty() && situation.next == nullptr && !turns.empty())
    situation.comes_next = turns.front();
}

}  // namespace

RotationSituation read_situation(const RotationInput& input, WallTime now,
                                 const std::optional<Selector>& compromised) {
  RotationSituation situation{.input = input, .now = now, .compromised = compromised};
  for (const auto& planned : input.selectors) situation.views.push_back(view_of(input, planned, now));
  find_current(situation);
  find_next(situation);
  return situation;
}

bool is_compromised(const RotationSituation& situation, const SelectorView& view) {
  return view.planned->compromised || situation.compromised == view.selector();
}

const SelectorView* find_view(const RotationSituation& situation, const Selector& selector) {
  const auto found = std::ranges::find(situation.views, selector, &SelectorView::selector);
  return found == situation.views.end() ? nullptr : &*found;
}

std::optional<WallTime> key_since(const SelectorView& view) {
  if (view.has_appeared) return view.key.first_seen;
  const auto& since = view.planned->since;
  if (!since) return view.key.first_seen;
  return view.key.first_seen ? std::min(*view.key.first_seen, since->first) : since->first;
}

bool key_may_be_older(const SelectorView& view) {
  return !view.has_appeared && !view.planned->since;
}

SigningTerms terms_for(const RotationInput& input, const PlannedSelector* planned) {
  SigningTerms terms;
  terms.has_neighbour = std::ranges::any_of(input.selectors, [&](const PlannedSelector& other) {
    return &other != planned && (other.role == Role::active || other.role == Role::retired);
  });
  terms.selector_cooldown = input.selector_cooldown;
  terms.policy = input.policy;
  return terms;
}

std::optional<WallTime> rests_until(const RotationInput& input, const SelectorView& view) {
  const PlannedSelector& planned = *view.planned;
  if (planned.never_used) return std::nullopt;
  const seconds cooldown = cooldown_of(terms_for(input, &planned));
  if (planned.last_signature) return planned.last_signature->last + cooldown;
  if (planned.role == Role::retired && planned.since) return planned.since->last + cooldown;
  if (planned.role == Role::retired && view.key.first_seen)
    return planned.history.last_probe.value_or(*view.key.first_seen) + cooldown;
  if (view.key.other_last_seen) return *view.key.other_last_seen + cooldown;
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
