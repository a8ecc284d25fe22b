#include "cli/commands/commands.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/judgement/judge.hpp"
#include "checks/rotation/rotation_actions.hpp"
#include "checks/rotation/rotation_plan.hpp"
#include "cli/commands/rotation_apply.hpp"
#include "cli/io/output.hpp"
#include "cli/io/report_output.hpp"
#include "cli/io/signal_watch.hpp"
#include "cli/io/terminal.hpp"
#include "cli/io/wall_clock.hpp"
#include "cli/plan/kept_history.hpp"
#include "cli/plan/polling.hpp"
#include "cli/plan/probe_run.hpp"
#include "cli/plan/rotation_targets.hpp"
#include "cli/plan/settings_input.hpp"
#include "config/keys/expected_key.hpp"
#include "exporters/json/rotation_json.hpp"
#include "exporters/store/history_store.hpp"
#include "exporters/terminal/rotation_text.hpp"

namespace dkimprobe::cli {
namespace {

using exporters::HistoryAccess;
using exporters::HistoryStore;
using std::chrono::milliseconds;

/// Whether the file has an earlier key of the selector: it was there before the last signature, or its key
/// was removed from the servers. `key` is what the file holds, if that can be read.
bool has_earlier_key(const std::filesystem::path& file, const config::Result<config::KeyFile>& key,
                     const checks::PlannedSelector& planned) {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(file, error);
  if (!error && planned.last_signature &&
      std::chrono::file_clock::to_sys(written) < planned.last_signature->first) {
    return true;
  }
  return key && checks::was_removed(planned, key->identity.sha256);
}

/// Finds the file of the selector's next key, which has the name that the plan gives it. The servers should
/// have its key, unless the settings name one. An encrypted file does not tell.
void find_key_file(const config::DomainName& domain, checks::PlannedSelector& planned) {
  constexpr unsigned most_tried = 100;
  if (planned.is_key_of_file) planned.key_sha256.reset();
  planned.is_key_of_file = false;
  for (unsigned number = 1; number <= most_tried; ++number) {
    std::error_code error;
    planned.key_file = checks::key_file_name(domain, planned.selector, number);
    planned.has_key_file = std::filesystem::exists(planned.key_file, error);
    if (!planned.has_key_file) return;
    const auto key = config::read_key_file(planned.key_file, config::NoPassphrase{});
    if (has_earlier_key(planned.key_file, key, planned)) continue;
    const bool comes_next = planned.role == config::Role::pending || planned.role == config::Role::standby;
    if (!key || planned.key_sha256 || !comes_next) return;
    planned.key_sha256 = key->identity.sha256;
    planned.is_key_of_file = true;
    return;
  }
}

/// Adds a probe to the histories of the plan, and to the store if there is one.
config::Result<void> add_probe(const std::vector<probe::Observation>& observations,
                               std::optional<HistoryStore>& store, RotationTarget& target) {
  checks::RotationInput& input = target.input;
  if (!store) {
    extend_histories(observations, run_time(), input);
    judge_probe(observations, target);
    return {};
  }
  // Even if writing fails, the store keeps the probe in memory.
  if (const auto recorded = store->record(std::span(observations), run_time()); !recorded)
    print_warnings(recorded.error());
  for (auto& planned : input.selectors) {
    auto history = store->load(input.domain, planned.selector);
    if (!history) return tl::unexpected(std::move(history.error()));
    planned.history = std::move(*history);
  }
  judge_probe(observations, target);
  return {};
}

checks::RotationOverview overview_of(const RotationCommand& command, checks::RotationInput& input) {
  for (auto& planned : input.selectors) find_key_file(input.domain, planned);
  // The end of a probe is rounded up, the clock is rounded down.
  auto now = run_time();
  for (const auto& planned : input.selectors) now = std::max(now, planned.history.last_probe.value_or(now));
  if (command.only_plan) return checks::plan_next(input, now);
  if (command.compromised) return checks::plan_emergency(input, *command.compromised, now);
  return checks::plan_rotation(input, now);
}

void print(const RotationCommand& command, const checks::RotationOverview& overview, bool is_first) {
  const auto& output = command.output;
  if (output.json) {
    write_output(command.domain ? exporters::rotation_json(overview)
                                : exporters::rotation_json_line(overview));
    return;
  }
  const auto style = output_style(output.color);
  write_output((is_first ? "" : "\n") + (command.only_plan ? exporters::rotation_script(overview, style)
                                                           : exporters::rotation_text(overview, style)));
}

bool sleep_until(checks::WallTime time) {
  Sleeper sleeper;
  const SignalWatch watch([&] { sleeper.interrupt(); }, nullptr);
  return sleeper.sleep_until(time);
}

/// Says that `--wait` ends before caches have dropped the compromised key, if it does.
void add_short_wait(const checks::SafeTime& gone, checks::WallTime deadline,
                    checks::RotationOverview& overview) {
  if (gone.readiness != checks::Readiness::wait || !gone.at || *gone.at <= deadline) return;
  overview.notes.push_back(
      fmt::format("Caches may hold the key for another {}, and --wait ends before, so this did not wait for "
                  "them. This is long enough: --wait {}",
                  checks::wait_text(*gone.at - overview.now), checks::wait_value(*gone.at - overview.now)));
}

/// The servers on which the steps depend, in the order of the steps.
std::vector<checks::ServerProgress> servers_of(const checks::RotationOverview& overview) {
  std::vector<checks::ServerProgress> servers;
  for (const auto& change : overview.changes) {
    for (const auto& step : change.steps) std::ranges::copy(step.servers, std::back_inserter(servers));
  }
  return servers;
}

/// Adds why this machine cannot reach servers however often it asks, and what to do.
void add_no_way(const std::vector<probe::Observation>& observations, checks::RotationOverview& overview) {
  const auto servers = servers_of(overview);
  if (std::ranges::find(servers, checks::Progress::unknown, &checks::ServerProgress::progress) ==
      servers.end())
    return;
  for (const auto& observation : observations) {
    std::string sentence = checks::no_way_sentence(observation);
    if (!sentence.empty() && std::ranges::find(overview.notes, sentence) == overview.notes.end())
      overview.notes.push_back(std::move(sentence));
  }
}

struct Planned {
  checks::RotationOverview overview{};
  bool interrupted = false;
  bool is_shown = false;  ///< an earlier state of it is printed
};

/// Probes and plans; with `--wait`, until neither servers nor caches have the compromised key, or the time is
/// over.
config::Result<Planned> follow(const RotationCommand& command, RotationTarget& target,
                               std::optional<HistoryStore>& store) {
  const auto deadline = run_time() + command.wait;
  milliseconds interval{0};
  std::vector<checks::ServerProgress> before;
  Planned planned;
  while (true) {
    const ProbeResult probe = run_probe(target.asked);
    if (auto added = add_probe(probe.observations, store, target); !added)
      return tl::unexpected(added.error());
    planned.overview = overview_of(command, target.input);
    add_no_way(probe.observations, planned.overview);
    planned.interrupted = probe.interrupted;
    if (planned.interrupted || command.wait == milliseconds{0}) return planned;
    const checks::SafeTime& gone = planned.overview.state.old_keys.front().gone;
    milliseconds least{0};
    for (const auto& observation : probe.observations)
      least = std::max(least, least_interval(observation, target.asked.probe));
    auto servers = servers_of(planned.overview);
    interval = next_interval(interval, !same_progress(before, servers), least);
    before = std::move(servers);
    const auto now = planned.overview.now;
    const auto next = next_probe(gone, now, deadline, interval, least);
    if (!next) {
      add_short_wait(gone, deadline, planned.overview);
      return planned;
    }
    // What to do at once is not held back until the end of the wait.
    if (!planned.is_shown && !command.output.json) print(command, planned.overview, true);
    planned.is_shown = true;
    print_message(fmt::format("{}; next probe at {}", planned.overview.headline, checks::time_text(*next)));
    planned.interrupted = !sleep_until(*next);
    if (planned.interrupted) return planned;
  }
}

/// Plans the rotation of one domain, with its history.
config::Result<Planned> plan(const RotationCommand& command, RotationTarget& target) {
  auto store = open_history(command.ask, command.state, target.asked.probe,
                            command.only_plan ? HistoryAccess::read : HistoryAccess::write);
  if (!store) return tl::unexpected(std::move(store.error()));
  if (*store) {
    auto known = (*store)->selectors(target.input.domain);
    if (!known) return tl::unexpected(std::move(known.error()));
    target.input.known_selectors = std::move(*known);
  }
  if (!command.only_plan) return follow(command, target, *store);
  if (auto added = add_probe({}, *store, target); !added) return tl::unexpected(std::move(added.error()));
  return Planned{overview_of(command, target.input), false};
}

/// Nothing can have signed in the future; the settings file refuses such times too.
config::Errors future_signatures(const RotationCommand& command) {
  config::Errors errors;
  for (const auto& [selector, time] : command.last_signatures) {
    if (time.first > wall_time()) {
      errors.push_back(
          {"--last-signature",
           fmt::format("the time of {} is in the future; a past time was expected", selector.to_string())});
    }
  }
  return errors;
}

}  // namespace

CommandResult run(const RotationCommand& command) {
  auto loaded = load_settings(command.ask);
  if (!loaded) return tl::unexpected(std::move(loaded.error()));
  if (auto errors = future_signatures(command); !errors.empty())
    return tl::unexpected(Refusal(std::move(errors), ExitCode::usage));
  auto targets = plan_rotations(command, loaded->settings);
  if (!targets) return tl::unexpected(Refusal(std::move(targets.error()), ExitCode::usage));
  std::vector<checks::Status> statuses;
  for (auto& target : *targets) {
    const auto planned = plan(command, target);
    if (!planned) return tl::unexpected(planned.error());
    if (command.apply && !planned->interrupted) return apply_step(command, planned->overview);
    print(command, planned->overview, statuses.empty() && !planned->is_shown);
    statuses.push_back(planned->overview.status);
    if (!planned->interrupted) continue;
    if (!command.output.json) print_message("interrupted; whatever was not probed yet is unknown");
    return ExitCode::interrupted;
  }
  return exit_code(checks::worst(statuses));
}

}  // namespace dkimprobe::cli
