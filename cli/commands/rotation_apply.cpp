#include "cli/commands/rotation_apply.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "checks/report/time_text.hpp"
#include "cli/io/output.hpp"
#include "cli/plan/settings_input.hpp"
#include "config/basics/escape.hpp"
#include "config/basics/unified_diff.hpp"
#include "config/settings_edit.hpp"

namespace dkimprobe::cli {
namespace {

using checks::PlannedStep;
using checks::StepState;
using config::Result;

/// The action of the step that changes the settings.
const checks::RotationAction* settings_action(const PlannedStep& step) {
  const auto action =
      std::ranges::find(step.actions, checks::ActionKind::settings, &checks::RotationAction::kind);
  return action == step.actions.end() ? nullptr : &*action;
}

/// The state of the step in words, in the first change that has it.
std::string why_not_due(const checks::RotationOverview& overview, checks::RotationStep wanted) {
  for (const auto& change : overview.changes) {
    for (const auto& step : change.steps) {
      if (step.step != wanted) continue;
      if (step.state == StepState::done) return fmt::format("it is done: {}", step.summary);
      return step.earliest ? fmt::format("not before {}", checks::time_text(*step.earliest))
                           : fmt::format("not yet: {}", step.summary);
    }
  }
  return overview.changes.empty() || overview.changes.front().emergency
             ? "an emergency has no such step"
             : "only an emergency has this step: --compromised SELECTOR";
}

/// Whether the step is due. A change may begin at any time if no date is set, a last signature may be entered
/// while it is unknown, and a selector leaves the settings once the last step is done.
bool may_be_applied(const PlannedStep& step) {
  if (step.step == checks::RotationStep::gone) return step.state == StepState::done;
  return step.state == StepState::due || step.state == StepState::unknown ||
         (step.step == checks::RotationStep::choose && step.state == StepState::pending && !step.earliest);
}

/// The changes of the step.
Result<std::vector<config::SelectorChange>> changes_of(const checks::RotationOverview& overview,
                                                       checks::RotationStep wanted) {
  for (const auto& change : overview.changes) {
    for (const auto& step : change.steps) {
      if (step.step != wanted || !may_be_applied(step)) continue;
      if (const auto* const action = settings_action(step)) return action->changes;
    }
  }
  return config::failure("--step", fmt::format("{} is not due for {}: {}", checks::to_string(wanted),
                                               overview.domain.to_string(), why_not_due(overview, wanted)));
}

/// The printed lines have days, because they may be pasted later. Who applies them has changed the signer
/// before, so what begins or ended today did so by now.
void make_exact(checks::WallTime now, std::vector<config::SelectorChange>& changes) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  for (auto& change : changes) {
    for (auto* const time : {&change.since, &change.last_signature}) {
      if (*time && (*time)->first <= second && second <= (*time)->last) **time = {second, second};
    }
  }
}

bool operator_agrees() {
  print_text("Write this? [y/N] ");
  std::array<char, 16> answer{};
  return std::fgets(answer.data(), static_cast<int>(answer.size()), stdin) != nullptr &&
         (answer[0] == 'y' || answer[0] == 'Y');
}

/// The diff for a terminal: each line escaped, because the file may hold anything.
std::string shown(const std::string& diff) {
  std::string text;
  for (std::size_t begin = 0; begin < diff.size();) {
    const std::size_t end = std::min(diff.find('\n', begin), diff.size());
    text += config::escape_text(std::string_view(diff).substr(begin, end - begin)) + '\n';
    begin = end + 1;
  }
  return text;
}

}  // namespace

CommandResult apply_step(const RotationCommand& command, const checks::RotationOverview& overview) {
  auto changes = changes_of(overview, *command.apply);
  if (!changes) return tl::unexpected(Refusal(changes.error(), ExitCode::usage));
  make_exact(overview.now, *changes);
  std::error_code error;
  // So that a link stays a link.
  const auto file = std::filesystem::canonical(*command.ask.settings_file, error);
  const std::string name = command.ask.settings_file->string();
  if (error) return tl::unexpected(Refusal({{name, error.message()}}, ExitCode::settings));
  std::ifstream stream(file, std::ios::binary);
  const std::string before(std::istreambuf_iterator<char>(stream), {});
  const auto after = config::edit_settings(before, *command.ask.settings_file, settings_vocabulary(),
                                           overview.domain, *changes);
  if (!after) return tl::unexpected(Refusal(after.error(), ExitCode::settings));
  write_output(shown(config::unified_diff(before, *after, name, name)));
  if (!command.agreed && isatty(STDIN_FILENO) != 1) {
    print_message("nothing is written; add --yes to write it");
    return ExitCode::warning;
  }
  if (!command.agreed && !operator_agrees()) {
    print_message("nothing is written");
    return ExitCode::warning;
  }
  if (auto written = write_file(file, *after, Readers::as_before); !written)
    return tl::unexpected(Refusal(std::move(written.error()), ExitCode::internal));
  print_message(fmt::format("{} is written", config::escape_text(name)));
  return ExitCode::ok;
}

}  // namespace dkimprobe::cli
