#include "cli/daemon/watch_state.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "checks/judgement/judge.hpp"
#include "checks/rotation/probed_selector.hpp"
#include "exporters/store/history_changes.hpp"

namespace dkimprobe::cli {

using checks::Applied;
using checks::TargetKey;
using probe::WallTime;

namespace {

/// Maximum names reported for one key. A provider may publish one key at very many.
constexpr std::size_t most_places = 32;

}  // namespace

WallTime next_plan(const checks::RotationOverview& overview) {
  WallTime next = overview.now + std::chrono::hours{1};
  const auto consider = [&](const std::optional<WallTime>& time) {
    if (time && *time > overview.now) next = std::min(next, *time);
  };
  const auto consider_safe = [&](const checks::SafeTime& safe) {
    consider(safe.at);
    for (const auto& reasons : safe.reasons) consider(reasons.until);
  };
  consider(overview.state.due_at);
  consider_safe(overview.state.sign);
  for (const auto& old : overview.state.old_keys) {
    consider_safe(old.remove);
    consider(old.overdue_at);
    consider_safe(old.gone);
  }
  for (const auto& change : overview.changes) {
    for (const auto& step : change.steps) {
      consider(step.earliest);
      for (const auto& reasons : step.reasons) consider(reasons.until);
    }
  }
  return next;
}

std::vector<TargetKey> WatchState::unknown_targets(const WatchList& list) const {
  const std::lock_guard lock(mutex_);
  std::vector<TargetKey> unknown;
  for (const auto& target : list.targets) {
    if (!histories_.contains(target.key)) unknown.push_back(target.key);
  }
  return unknown;
}

void WatchState::replace(std::shared_ptr<const WatchList> list, std::map<TargetKey, History> stored,
                         WallTime now) {
  const std::lock_guard lock(mutex_);
  const auto is_left = [&](const auto& entry) { return !list->expectations.contains(entry.first); };
  for (const auto& [key, history] : stored) {
    pasts_.try_emplace(key.domain, history->past);
    const auto [added, is_new] = histories_.try_emplace(key, *history);
    if (!is_new) continue;
    set_places(key, checks::key_places(*history));
    added->second.past = {};
  }
  std::erase_if(histories_, is_left);
  std::erase_if(pasts_, [&](const auto& entry) { return !list->domains.contains(entry.first); });
  std::erase_if(places_, is_left);
  set_targets(fleet_, list->targets);
  fleet_.reload = {true, now, now, {}};

  std::map<config::DomainName, Rotation> rotations;
  std::set<config::DomainName> domains;
  for (const auto& [domain, input] : list->rotations) {
    Rotation& rotation = rotations[domain];
    rotation.input = input;
    const auto before = rotations_.find(domain);
    for (auto& planned : rotation.input.selectors) {
      const auto history = histories_.find({domain, planned.selector});
      if (history != histories_.end()) {
        planned.history = history->second;
        planned.history.past = pasts_[domain];
      }
      if (before == rotations_.end()) continue;
      const auto& known = before->second.input.selectors;
      const auto same = std::ranges::find(known, planned.selector, &checks::PlannedSelector::selector);
      if (same != known.end()) planned.probed = same->probed;
    }
    plan(rotation, now);
    if (rotation.next_plan != WallTime::max()) domains.insert(domain);
  }
  keep_rotations(fleet_, domains);
  rotations_ = std::move(rotations);
  list_ = std::move(list);
  published_.reset();
}

void WatchState::set_reload(checks::ReloadState reload) {
  const std::lock_guard lock(mutex_);
  reload.succeeded_at = fleet_.reload.succeeded_at;
  fleet_.reload = std::move(reload);
  published_.reset();
}

WatchState::JudgedTargets WatchState::extend(const probe::FinishedProbe& probe, const WatchList& list,
                                             WallTime now) {
  std::vector<checks::HistoryProbe> probes;
  JudgedTargets all;
  std::unique_lock lock(mutex_);
  for (const probe::Observation& observation : probe.observations) {
    const TargetKey key{observation.domain, observation.selector};
    if (!list.expectations.contains(key)) continue;
    Judged& judged = all[key];
    judged.observation = &observation;
    if (const auto known = histories_.find(key); known != histories_.end()) judged.history = known->second;
    probes.push_back({&judged.history, &observation});
  }
  checks::ZonePast past;
  if (const auto known = pasts_.find(probe.domain); known != pasts_.end()) past = known->second;
  lock.unlock();
  checks::extend_all(past, std::move(probes), now);
  lock.lock();
  for (const auto& [key, judged] : all) {
    if (list_->expectations.contains(key)) set_places(key, checks::key_places(judged.history));
  }
  if (list_->domains.contains(probe.domain)) pasts_[probe.domain] = std::move(past);
  return all;
}

void WatchState::set_places(const TargetKey& key, std::vector<checks::KeyPlace> places) {
  for (const auto& place : places) {
    if (!place.modulus.empty()) moduli_.add(place.modulus);
  }
  places_[key] = std::move(places);
}

WatchState::JudgedTargets WatchState::judge(const probe::FinishedProbe& probe, const WatchList& list,
                                            WallTime now) {
  auto all = extend(probe, list, now);
  const auto& domain = list.domains.at(probe.domain);
  const auto& policy = domain.policy;
  const auto rotation = list.rotations.find(probe.domain);
  for (auto& [key, judged] : all) {
    const auto& expectation = list.expectations.at(key);
    checks::Judgement judgement = checks::judge(*judged.observation, expectation, judged.history, policy, {},
                                                elsewhere(key, judged.history), &examined_);
    if (rotation != list.rotations.end())
      judged.probed = checks::probed_selector(*judged.observation, judgement, rotation->second.policy);
    judged.report = std::make_shared<const checks::Report>(std::move(judgement.report));
  }
  return all;
}

probe::ProbeVerdict WatchState::take(const probe::FinishedProbe& probe, WallTime now) {
  const auto list = this->list();
  if (!list->domains.contains(probe.domain)) return probe::ProbeVerdict::unchanged;
  // Judged without the lock: no other thread changes histories of targets that stay.
  auto all = judge(probe, *list, now);

  const std::lock_guard lock(mutex_);
  std::erase_if(all, [&](const auto& each) { return !list_->expectations.contains(each.first); });
  if (all.empty()) return probe::ProbeVerdict::unchanged;  // none of its targets is watched any more
  const probe::ProbeVerdict verdict = apply(all);
  // Unconfirmed results do not change the plan: one lost packet must not call off a rotation.
  const auto rotation = rotations_.find(probe.domain);
  if (rotation != rotations_.end() &&
      (verdict != probe::ProbeVerdict::unconfirmed || find_rotation(fleet_, probe.domain) == nullptr)) {
    update(rotation->second, probe.domain, all);
    plan(rotation->second, now);
  }
  for (auto& [key, judged] : all) {
    judged.history.past = {};
    histories_[key] = std::move(judged.history);
  }
  published_.reset();
  return verdict;
}

probe::ProbeVerdict WatchState::apply(const JudgedTargets& judged) {
  std::set<Applied> applied;
  for (const auto& [key, target] : judged) {
    applied.insert(apply_report(fleet_, target.report));
    if (find_target(fleet_, key)->report == target.report)
      set_key_first_seen(fleet_, key, exporters::key_first_seen(target.history, *target.report));
  }
  if (applied.contains(Applied::unconfirmed)) return probe::ProbeVerdict::unconfirmed;
  if (applied.contains(Applied::changed)) return probe::ProbeVerdict::changed;
  return applied == std::set{Applied::failed} ? probe::ProbeVerdict::failed : probe::ProbeVerdict::unchanged;
}

void WatchState::update(Rotation& rotation, const config::DomainName& domain, const JudgedTargets& judged) {
  for (auto& planned : rotation.input.selectors) {
    if (const auto seen = judged.find({domain, planned.selector}); seen != judged.end()) {
      planned.history = seen->second.history;
      planned.probed = seen->second.probed;
    } else {
      planned.history.past = pasts_[domain];
    }
  }
}

void WatchState::set_next_probe(const config::DomainName& domain, WallTime next) {
  const std::lock_guard lock(mutex_);
  if (checks::set_next_probe(fleet_, domain, next)) published_.reset();
}

std::shared_ptr<const WatchList> WatchState::list() const {
  const std::lock_guard lock(mutex_);
  return list_;
}

WatchState::History WatchState::history(const TargetKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto known = histories_.find(key);
  if (known == histories_.end()) return nullptr;
  auto whole = std::make_shared<checks::SelectorHistory>(known->second);
  if (const auto past = pasts_.find(key.domain); past != pasts_.end()) whole->past = past->second;
  return whole;
}

checks::KeyPlaces WatchState::elsewhere(const TargetKey& key, const checks::SelectorHistory& history) const {
  const auto own = checks::key_places(history);
  const std::lock_guard lock(mutex_);
  if (places_.size() <= (places_.contains(key) ? 1U : 0U)) return std::nullopt;
  std::set<std::string> keys;
  std::set<std::string> moduli;
  for (const auto& place : own) {
    keys.insert(place.sha256);
    if (!place.modulus.empty())
      std::ranges::move(moduli_.sharing_with(place.modulus), std::inserter(moduli, moduli.end()));
  }
  std::vector<checks::KeyPlace> others;
  for (const auto& [other, places] : places_) {
    if (other == key) continue;
    if (others.size() >= most_places) break;
    std::ranges::copy_if(places, std::back_inserter(others), [&](const checks::KeyPlace& place) {
      return keys.contains(place.sha256) || moduli.contains(place.modulus);
    });
  }
  return others;
}

std::shared_ptr<const checks::Fleet> WatchState::fleet(WallTime now) {
  const std::lock_guard lock(mutex_);
  bool is_planned = false;
  for (auto& [domain, rotation] : rotations_) {
    if (rotation.next_plan > now) continue;
    plan(rotation, now);
    is_planned = true;
  }
  if (is_planned || !published_) published_ = std::make_shared<const checks::Fleet>(fleet_);
  return published_;
}

void WatchState::plan(Rotation& rotation, WallTime now) {
  for (const auto& planned : rotation.input.selectors) {
    // A plan before the first probe could list steps that are already done.
    if (!planned.history.last_probe) return;
    // The end of a probe is rounded up, the clock is rounded down.
    now = std::max(now, *planned.history.last_probe);
  }
  auto overview = std::make_shared<const checks::RotationOverview>(plan_rotation(rotation.input, now));
  rotation.next_plan = next_plan(*overview);
  set_rotation(fleet_, std::move(overview));
}

}  // namespace dkimprobe::cli
