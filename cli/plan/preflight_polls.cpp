#include "cli/plan/preflight_polls.hpp"

#include <algorithm>
#include <utility>

#include "cli/plan/polling.hpp"

namespace dkimprobe::cli {
namespace {

using checks::CacheContent;
using checks::CacheState;
using checks::Preflight;
using checks::Readiness;
using probe::WallTime;
using std::chrono::milliseconds;

constexpr milliseconds confirming_interval{1'000};

bool holds_wrong_answer(const CacheContent& probe) {
  return probe.state == CacheState::denied || probe.state == CacheState::other;
}

/// Replaces earlier answers by later ones. Several caches may answer at one address, so a wrong answer counts
/// until its TTL is over.
void keep(std::vector<CacheContent>& caches, const std::vector<checks::CacheAnswer>& words) {
  for (const auto& word : words) {
    std::erase_if(caches, [&](const CacheContent& old) {
      const bool lasts =
          holds_wrong_answer(old) && old.seen + std::chrono::seconds{old.seconds_left} > word.probe.seen;
      return old.resolver == word.probe.resolver && (!lasts || old.seen == word.probe.seen);
    });
    caches.push_back(word.probe);
  }
}

/// Judges the probe, which the history includes. A verdict is not older than its probe: the end of a probe is
/// rounded up, the clock is rounded down.
Preflight judge_probe(const probe::Observation& observation, const checks::SelectorHistory& history,
                      const checks::SigningPlan& plan, const std::vector<CacheContent>& caches,
                      const PreflightWorld& world) {
  return judge_preflight(observation, judge_as_pending(observation, plan), history, plan, caches,
                         std::max(world.now(), *history.last_probe));
}

/// Judges a complete probe, with what the operator's resolvers hold, which is added to `caches`.
Preflight judge_complete(const probe::Observation& observation, const checks::SigningPlan& plan,
                         std::vector<CacheContent>& caches, const PreflightWorld& world) {
  const checks::SelectorHistory history = world.remember(observation);
  Preflight preflight = judge_probe(observation, history, plan, caches, world);
  auto answers = world.read_caches(preflight);
  if (answers.empty()) return preflight;
  keep(caches, answers);
  preflight = judge_probe(observation, history, plan, caches, world);
  preflight.caches = std::move(answers);
  return preflight;
}

/// Judges a first probe that was interrupted: no history has it.
Preflight judge_interrupted(const probe::Observation& observation, const checks::SigningPlan& plan,
                            const PreflightWorld& world) {
  checks::SelectorHistory history;
  checks::extend(history, observation);
  Preflight preflight = judge_probe(observation, history, plan, {}, world);
  preflight.probes = 1;
  world.progress(preflight, std::nullopt);
  return preflight;
}

/// Sends each resolver one query if it is safe to sign; returns whether it was sent.
bool ask_public(const PreflightWorld& world, Preflight& preflight) {
  checks::PublicAnswer answer;
  const bool may_ask = preflight.sign.safe.readiness == Readiness::ready;
  if (may_ask) {
    answer.answers = world.ask_public(preflight);
    hold_back(preflight, answer);
  } else {
    answer.why_not_asked = "until it is safe to sign, the query itself could put a wrong answer into a cache";
  }
  preflight.public_answer = std::move(answer);
  return may_ask;
}

}  // namespace

PreflightEnd run_probes(const checks::SigningPlan& plan, const config::ProbeSettings& settings,
                        milliseconds wait, const PreflightWorld& world) {
  const WallTime deadline = world.now() + wait;
  milliseconds interval{0};
  std::vector<CacheContent> caches;
  std::optional<Preflight> before;
  bool confirms = false;
  for (std::size_t probes = 1;; ++probes) {
    const SelectorProbe probe = world.probe();
    // An interrupted probe has less information than the complete one before it.
    if (probe.interrupted)
      return {before ? std::move(*before) : judge_interrupted(probe.observation, plan, world), true};
    Preflight preflight = judge_complete(probe.observation, plan, caches, world);
    // If a server alternates between answers, a second probe must confirm the result, even after the
    // deadline.
    confirms = preflight.sign.safe.readiness == Readiness::ready && preflight.sign.alternates && !confirms;
    const bool is_last = world.ask_public && !confirms && ask_public(world, preflight);
    preflight.probes = probes;
    const milliseconds least = least_interval(probe.observation, settings);
    interval = next_interval(interval,
                             !before || !same_progress(before->sign.servers, preflight.sign.servers), least);
    const auto next = confirms  ? std::optional(preflight.now + std::max(least, confirming_interval))
                      : is_last ? std::nullopt
                                : next_probe(preflight.sign.safe, preflight.now, deadline, interval, least);
    world.progress(preflight, next);
    if (!next) return {std::move(preflight), false};
    if (!world.sleep_until(*next)) {
      preflight.now = std::max(world.now(), preflight.now);
      return {std::move(preflight), true};
    }
    before = std::move(preflight);
  }
}

}  // namespace dkimprobe::cli
