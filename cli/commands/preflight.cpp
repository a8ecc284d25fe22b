#include "cli/commands/commands.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/history/history.hpp"
#include "checks/report/time_text.hpp"
#include "cli/io/live_progress.hpp"
#include "cli/io/output.hpp"
#include "cli/io/signal_watch.hpp"
#include "cli/io/terminal.hpp"
#include "cli/io/wall_clock.hpp"
#include "cli/plan/kept_history.hpp"
#include "cli/plan/polling.hpp"
#include "cli/plan/preflight_plan.hpp"
#include "cli/plan/preflight_polls.hpp"
#include "cli/plan/settings_input.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/store/history_store.hpp"
#include "exporters/terminal/preflight_text.hpp"
#include "probe/collection/prober.hpp"
#include "probe/resolver/resolver_probe.hpp"

namespace dkimprobe::cli {
namespace {

using checks::CacheState;
using exporters::HistoryStore;
using probe::WallTime;
using std::chrono::milliseconds;

/// The history of the selector, extended by this run.
class RunHistory {
 public:
  explicit RunHistory(std::optional<HistoryStore> store) : store_(std::move(store)) {}

  [[nodiscard]] bool is_kept() const { return store_ && written_; }

  checks::SelectorHistory add(const probe::Observation& observation) {
    checks::extend(seen_, observation);
    if (!store_) return seen_;
    if (const auto before = store_->load(observation.domain, observation.selector);
        before && before->last_probe && *before->last_probe > run_time()) {
      print_warning(
          {"", fmt::format("the history ends at {}, which is in the future: is this machine's clock "
                           "correct? Probes of that time count as made just before this one",
                           checks::time_text(*before->last_probe))});
    }
    const auto recorded = store_->record(observation, run_time());
    if (!recorded) print_warnings(recorded.error());
    written_ = recorded.has_value();
    auto stored = store_->load(observation.domain, observation.selector);
    if (stored) return *stored;
    print_warnings(stored.error());
    store_.reset();
    return seen_;
  }

 private:
  std::optional<HistoryStore> store_;
  bool written_ = false;
  checks::SelectorHistory seen_{};
};

CacheState state_of(const probe::ResolverAnswer& answer, bool expected) {
  switch (answer.kind) {
    case probe::ResolverAnswerKind::text:
      return expected ? CacheState::expected : CacheState::other;
    case probe::ResolverAnswerKind::denial:
      return CacheState::denied;
    case probe::ResolverAnswerKind::nothing:
      return CacheState::empty;
    case probe::ResolverAnswerKind::hidden:
      return CacheState::hidden;
    case probe::ResolverAnswerKind::unknown:
      return CacheState::unknown;
  }
  return CacheState::unknown;
}

checks::CacheAnswer cache_answer(const probe::ResolverAnswer& answer, const checks::SigningPlan& plan,
                                 const checks::Report& report) {
  std::vector<std::vector<std::string>> texts;
  for (const auto& record : answer.txt) texts.push_back(record.strings);
  checks::CacheAnswer result;
  result.probe.resolver = answer.resolver;
  result.probe.seen = answer.seen;
  result.probe.state = state_of(answer, checks::is_expected(texts, plan, report));
  // Without a TTL the cache may hold it for the longest time assumed for unknown data.
  result.probe.seconds_left =
      answer.seconds_left.value_or(static_cast<std::uint32_t>(plan.terms.policy.unknown_wait.count()));
  result.detail = probe::sentence(answer);
  if (result.probe.state == CacheState::expected) result.detail += "; this is the expected key";
  if (result.probe.state == CacheState::other) result.detail += "; this is not the expected key";
  return result;
}

/// Network, clock and terminal of one run, and its interruption by the operator.
class Runner {
 public:
  Runner(const PreflightCommand& command, const PreflightPlan& plan, RunHistory& history)
      : command_(command),
        plan_(plan),
        history_(history),
        resolvers_(plan.target.probe, run_time),
        progress_(isatty(STDERR_FILENO) == 1, command.wait > milliseconds{0},
                  output_style(command.output.color), [](std::string_view text) {
                    print_text(text);
                    std::fflush(stderr);
                  }) {}

  PreflightEnd run() {
    PreflightWorld world;
    world.now = run_time;
    world.probe = [this] { return probe(); };
    world.remember = [this](const probe::Observation& observation) { return history_.add(observation); };
    world.read_caches = [this](const checks::Preflight& preflight) { return read_caches(preflight); };
    if (command_.ask_resolvers)
      world.ask_public = [this](const checks::Preflight& preflight) { return ask_public(preflight); };
    world.progress = [this](const checks::Preflight& preflight, std::optional<WallTime> next) {
      progress_.show(preflight, next);
    };
    world.sleep_until = [this](WallTime time) { return sleeper_.sleep_until(time); };

    const WallTime began = run_time();
    PreflightEnd end;
    {
      const SignalWatch watch([this] { interrupt(); }, [this](milliseconds) { progress_.tick(run_time()); });
      end = run_probes(plan_.signing, plan_.target.probe, command_.wait, world);
      end.interrupted = end.interrupted || watch.interrupted();
    }
    progress_.clear();
    end.preflight.history_kept = history_.is_kept();
    end.preflight.next = plan_.next;
    if (command_.wait > milliseconds{0}) end.preflight.wait_ends = began + command_.wait;
    return end;
  }

 private:
  SelectorProbe probe() {
    // Each probe has a new prober: discovery starts at the root again, so that no outdated delegation affects
    // the verdict.
    probe::Prober prober(plan_.target.probe, run_time);
    progress_.probe_begins(run_time());
    {
      const std::lock_guard lock(mutex_);
      prober_ = &prober;
      if (sleeper_.interrupted()) prober.interrupt();
    }
    auto observations = prober.observe(plan_.target.domain, plan_.target.selectors);
    const std::lock_guard lock(mutex_);
    prober_ = nullptr;
    return {std::move(observations.front()), sleeper_.interrupted()};
  }

  std::vector<checks::CacheAnswer> cache_answers(const std::vector<probe::ResolverAnswer>& answers,
                                                 const checks::Preflight& preflight) const {
    std::vector<checks::CacheAnswer> results;
    for (const auto& answer : answers)
      results.push_back(cache_answer(answer, plan_.signing, preflight.report));
    return results;
  }

  std::vector<checks::CacheAnswer> read_caches(const checks::Preflight& preflight) {
    // A resolver that recurses although RD=0 is asked only once: a second query could put the absence of a
    // key that is not on every server yet into its cache.
    std::vector<config::ServerAddress> resolvers;
    for (const auto& resolver : command_.resolvers) {
      if (std::ranges::find(recursing_, resolver, &probe::ResolverAnswer::resolver) == recursing_.end())
        resolvers.push_back(resolver);
    }
    std::vector<probe::ResolverAnswer> answers = recursing_;
    if (!resolvers.empty()) {
      for (auto& answer : resolvers_.read_caches(resolvers, preflight.report.name)) {
        if (answer.recursion_on_its_own) recursing_.push_back(answer);
        answers.push_back(std::move(answer));
      }
    }
    return cache_answers(answers, preflight);
  }

  std::vector<checks::CacheAnswer> ask_public(const checks::Preflight& preflight) {
    const auto& at = preflight.sign.safe.at;
    auto right = at ? probe::PublicQuestion::after(*at, preflight.now) : std::nullopt;
    if (!right) return {};
    return cache_answers(resolvers_.ask_public(std::move(*right), command_.resolvers, preflight.report.name),
                         preflight);
  }

  void interrupt() {
    sleeper_.interrupt();
    const std::lock_guard lock(mutex_);
    if (prober_ != nullptr) prober_->interrupt();
    resolvers_.interrupt();
  }

  const PreflightCommand& command_;
  const PreflightPlan& plan_;
  RunHistory& history_;
  probe::ResolverProbe resolvers_;
  LiveProgress progress_;
  Sleeper sleeper_{};
  std::mutex mutex_{};  ///< of the prober
  std::vector<probe::ResolverAnswer> recursing_{};
  probe::Prober* prober_ = nullptr;
};

ExitCode readiness_exit_code(checks::Readiness readiness) {
  switch (readiness) {
    case checks::Readiness::ready:
      return ExitCode::ok;
    case checks::Readiness::wait:
      return ExitCode::warning;
    case checks::Readiness::not_ready:
      return ExitCode::critical;
    case checks::Readiness::unknown:
      return ExitCode::unknown;
  }
  return ExitCode::unknown;
}

}  // namespace

CommandResult run(const PreflightCommand& command) {
  const auto loaded = load_settings(command.ask);
  if (!loaded) return tl::unexpected(loaded.error());
  std::optional<config::KeyFile> key;
  if (command.key) {
    auto read = config::read_key_file(command.key->file, command.key->passphrase);
    if (!read) return tl::unexpected(std::move(read.error()));
    for (const auto& warning : read->warnings) print_warning({"", warning});
    key = std::move(*read);
  }
  const auto plan = plan_preflight(command, loaded->settings, key);
  if (!plan) return tl::unexpected(Refusal(plan.error(), ExitCode::usage));
  auto store = open_history(command.ask, command.state, plan->target.probe, exporters::HistoryAccess::write);
  if (!store) return tl::unexpected(std::move(store.error()));
  RunHistory history(std::move(*store));
  const auto [preflight, interrupted] = Runner(command, *plan, history).run();
  write_output(command.output.json
                   ? exporters::preflight_json(preflight)
                   : exporters::preflight_text(preflight, output_style(command.output.color)));
  if (!interrupted) return readiness_exit_code(preflight.sign.safe.readiness);
  print_message("interrupted; whatever was not probed yet is unknown");
  return ExitCode::interrupted;
}

}  // namespace dkimprobe::cli
