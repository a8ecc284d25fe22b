#include "cli/daemon/state_log.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/catalogue.hpp"

namespace dkimprobe::cli {
namespace {

using checks::RotationChange;
using checks::RotationFault;
using checks::RotationOverview;
using checks::Status;
using checks::StepState;
using checks::TargetState;

// ---- Selectors ----

/// What a line says about a selector; two states with the same text are the same.
struct SelectorState {
  std::string status = "never_probed";
  std::string finding{};
  std::string servers{};

  friend bool operator==(const SelectorState&, const SelectorState&) = default;
};

SelectorState state_of(const checks::Report& report) {
  SelectorState state{.status = std::string(checks::to_string(report.status))};
  if (report.status == Status::ok || report.findings.empty()) return state;
  const auto& worst = report.findings.front();
  state.finding = worst.check->name;
  std::vector<std::string> names;
  for (const auto& server : worst.servers) names.push_back(checks::server_text(server));
  state.servers = checks::join_some(names);
  return state;
}

void add_change(std::vector<LogLine>& lines, const TargetState* before, const TargetState& after,
                probe::WallTime now) {
  if (!after.report || (before != nullptr && before->report == after.report)) return;
  const bool is_first = before == nullptr || !before->report;
  const auto from = is_first ? SelectorState{} : state_of(*before->report);
  const auto to = state_of(*after.report);
  const bool is_ok = after.report->status == Status::ok;
  if (from == to || (is_first && is_ok)) return;
  LogLine line{is_ok || after.in_maintenance(now) ? LogLevel::info : LogLevel::warning,
               "the state of a selector has changed",
               {{"domain", after.key.domain.to_string()},
                {"selector", after.key.selector.to_string()},
                {"from", from.status},
                {"to", to.status}}};
  if (!to.finding.empty()) line.fields.emplace_back("finding", to.finding);
  if (!to.servers.empty()) line.fields.emplace_back("servers", to.servers);
  if (!after.report->headline.empty()) line.fields.emplace_back("summary", after.report->headline);
  lines.push_back(std::move(line));
}

// ---- Rotations ----

bool has_fault(const RotationOverview* rotation, const RotationFault& fault) {
  return rotation != nullptr && std::ranges::any_of(rotation->faults, [&](const RotationFault& other) {
           return other.row == fault.row && other.selector == fault.selector &&
                  other.severity == fault.severity;
         });
}

LogLine fault_line(const RotationOverview& rotation, const RotationFault& fault, std::string_view message) {
  return {LogLevel::info,
          message,
          {{"domain", rotation.domain.to_string()},
           {"selector", fault.selector.to_string()},
           {"fault", fault.row->name}}};
}

void add_faults(std::vector<LogLine>& lines, const RotationOverview* before, const RotationOverview& after) {
  for (const auto& fault : after.faults) {
    if (has_fault(before, fault)) continue;
    auto line = fault_line(after, fault, "a rotation has a fault");
    if (fault.severity != checks::Severity::notice) line.level = LogLevel::warning;
    line.fields.emplace_back("severity", checks::to_string(fault.severity));
    line.fields.emplace_back("summary", fault.clause);
    if (!fault.evidence.empty()) line.fields.emplace_back("seen", fault.evidence);
    lines.push_back(std::move(line));
  }
  if (before == nullptr) return;
  for (const auto& fault : before->faults) {
    if (!has_fault(&after, fault)) lines.push_back(fault_line(after, fault, "a fault of a rotation is over"));
  }
}

/// The first step that is not done; null if all of them are.
const checks::PlannedStep* open_step(const RotationChange& change) {
  const auto step = std::ranges::find_if(
      change.steps, [](const checks::PlannedStep& each) { return each.state != StepState::done; });
  return step == change.steps.end() ? nullptr : &*step;
}

std::string step_text(const RotationChange& change) {
  const auto* const step = open_step(change);
  return step == nullptr
             ? "done"
             : fmt::format("{} {}", checks::to_string(step->step), checks::to_string(step->state));
}

void add_steps(std::vector<LogLine>& lines, const RotationOverview& before, const RotationOverview& after) {
  for (const auto& change : after.changes) {
    // A proposed selector has a new name each day.
    if (!change.to || change.to_is_new) continue;
    const auto earlier = std::ranges::find_if(before.changes, [&](const RotationChange& each) {
      return each.from == change.from && each.to == change.to;
    });
    const std::string from = earlier == before.changes.end() ? "not begun" : step_text(*earlier);
    const std::string to = step_text(change);
    if (from == to) continue;
    const auto* const step = open_step(change);
    const bool is_stuck =
        step != nullptr && (step->state == StepState::blocked || step->state == StepState::unknown);
    LogLine line{is_stuck ? LogLevel::warning : LogLevel::info,
                 "the step of a rotation has changed",
                 {{"domain", after.domain.to_string()},
                  {"selector", change.to->to_string()},
                  {"from", from},
                  {"to", to}}};
    if (step != nullptr && !step->summary.empty()) line.fields.emplace_back("summary", step->summary);
    lines.push_back(std::move(line));
  }
}

}  // namespace

std::vector<LogLine> state_changes(const checks::Fleet& before, const checks::Fleet& after,
                                   probe::WallTime now) {
  std::vector<LogLine> lines;
  for (const auto& target : after.targets) add_change(lines, find_target(before, target->key), *target, now);
  for (const auto& [domain, rotation] : after.rotations) {
    const auto earlier = find_rotation(before, domain);
    if (earlier == rotation) continue;
    add_faults(lines, earlier.get(), *rotation);
    if (earlier) add_steps(lines, *earlier, *rotation);
  }
  return lines;
}

std::vector<LogLine> StateLog::lines(std::shared_ptr<const checks::Fleet> fleet, probe::WallTime now) {
  std::vector<LogLine> lines;
  // A clock that was set back begins a new minute too.
  if (now < minute_ || now - minute_ >= std::chrono::minutes{1}) {
    if (left_out_ > 0) {
      lines.push_back({LogLevel::warning,
                       "too many changes of state to log each",
                       {{"left_out", fmt::format("{}", left_out_)}}});
    }
    minute_ = now;
    logged_ = 0;
    left_out_ = 0;
  }
  if (fleet == last_) return lines;
  for (auto& line : state_changes(*last_, *fleet, now)) {
    if (logged_ < most_lines) {
      lines.push_back(std::move(line));
      ++logged_;
    } else {
      ++left_out_;
    }
  }
  last_ = std::move(fleet);
  return lines;
}

}  // namespace dkimprobe::cli
