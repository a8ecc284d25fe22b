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

std::optional<WallTime> next_probe(const checks::SafeTime& verdict, WallTime now, WallTime deadline,
                                   milliseconds interval, milliseconds least) {
  switch (verdict.readiness) {
    case Readiness::ready:
      return std::nullopt;
    case Readiness::wait: {
      if (!verdict.at) return std::nullopt;
      const WallTime at = std::max(*verdict.at, now + least);
      return at <= deadline ? std::optional(at) : std::nullopt;
    }
    case Readiness::not_ready:
    case Readiness::unknown:
      break;
  }
  return next_poll(now, deadline, interval, least);
}

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
    if (probe.interrupted && before) return {std::move(*before), true};
    checks::SelectorHistory history;
    if (probe.interrupted) {
      checks::extend(history, probe.observation);
    } else {
      history = world.remember(probe.observation);
    }
    // A verdict is not older than its probe: the end of a probe is rounded up, the clock is rounded down.
    const auto now = [&] { return std::max(world.now(), *history.last_probe); };
    const checks::Judgement judgement = judge_as_pending(probe.observation, plan);
    Preflight preflight = judge_preflight(probe.observation, judgement, history, plan, caches, now());
    if (!probe.interrupted) {
      auto words = world.read_caches(preflight);
      keep(caches, words);
      if (!words.empty())
        preflight = judge_preflight(probe.observation, judgement, history, plan, caches, now());
      preflight.caches = std::move(words);
    }
    const bool is_ready = preflight.sign.safe.readiness == Readiness::ready && !probe.interrupted;
    // If a server alternates between answers, a second probe must confirm the result, even after the
    // deadline.
    confirms = is_ready && preflight.sign.alternates && !confirms;
    bool is_last = probe.interrupted;
    if (world.ask_public && !confirms && !probe.interrupted) is_last = ask_public(world, preflight);
    preflight.probes = probes;
    const milliseconds least = least_interval(probe.observation, settings);
    interval = next_interval(interval,
                             !before || !same_progress(before->sign.servers, preflight.sign.servers), least);
    const auto next = confirms  ? std::optional(preflight.now + std::max(least, confirming_interval))
                      : is_last ? std::nullopt
                                : next_probe(preflight.sign.safe, preflight.now, deadline, interval, least);
    world.progress(preflight, next);
    if (!next) return {std::move(preflight), probe.interrupted};
    if (!world.sleep_until(*next)) {
      preflight.now = std::max(world.now(), preflight.now);
      return {std::move(preflight), true};
    }
    before = std::move(preflight);
  }
}

}  // namespace dkimprobe::cli
