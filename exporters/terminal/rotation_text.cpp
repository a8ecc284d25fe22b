#include "exporters/terminal/rotation_text.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/report/time_text.hpp"
#include "exporters/terminal/text_page.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::PlannedStep;
using checks::RotationChange;
using checks::RotationStep;
using checks::StepState;
using probe::WallTime;

/// On narrower terminals the sentence of a step is below its title.
constexpr std::size_t title_columns = 32;
constexpr std::size_t narrowest_beside_title = 64;

using exporters::symbol_of;

constexpr Symbol now_symbol{"▶", ">", TextStyle::warning};

Symbol symbol_of(StepState state) {
  switch (state) {
    case StepState::done:
      return good_symbol;
    case StepState::due:
      return now_symbol;
    case StepState::pending:
      return neutral_symbol;
    case StepState::blocked:
      return symbol_of(checks::Severity::critical);
    case StepState::unknown:
      return unknown_symbol;
  }
  return {};
}

Symbol symbol_of(checks::Progress progress, bool key_should_go) {
  switch (progress) {
    case checks::Progress::match:
      return key_should_go ? symbol_of(checks::Severity::critical) : good_symbol;
    case checks::Progress::mismatch:
    case checks::Progress::revoked:
    case checks::Progress::absent:
      return key_should_go ? good_symbol : neutral_symbol;
    case checks::Progress::corrupted:
      return key_should_go ? good_symbol : symbol_of(checks::Severity::critical);
    case checks::Progress::unknown:
      return unknown_symbol;
  }
  return {};
}

std::string_view words_of(checks::Progress progress) {
  switch (progress) {
    case checks::Progress::match:
      return "has the key";
    case checks::Progress::mismatch:
      return "has another key";
    case checks::Progress::corrupted:
      return "has no usable record";
    case checks::Progress::revoked:
      return "has a revoked key";
    case checks::Progress::absent:
      return "has no record";
    case checks::Progress::unknown:
      return "not seen";
  }
  return {};
}

std::string timestamp_text(WallTime time, WallTime now) {
  return fmt::format("{} ({})", checks::time_text(time), checks::distance_text(time, now));
}

/// Whether the operator does something in this step, and does not only wait.
bool is_act(RotationStep step) {
  return step != RotationStep::wait && step != RotationStep::gone && step != RotationStep::check;
}

bool removes_key(RotationStep step) {
  return step == RotationStep::revoke || step == RotationStep::delete_record;
}

/// The state of a step, with its time.
std::string state_words(const PlannedStep& step, WallTime now) {
  switch (step.state) {
    case StepState::done:
      return step.since ? "since " + checks::time_text(*step.since) : "";
    case StepState::due:
      return "due";
    case StepState::pending:
      if (!step.earliest) return {};
      return (is_act(step.step)                 ? "due from "
              : step.step == RotationStep::gone ? "not before "
                                                : "until ") +
             timestamp_text(*step.earliest, now);
    case StepState::blocked:
      return "not possible yet";
    case StepState::unknown:
      return "unknown";
  }
  return {};
}

/// Whether nothing is to be done yet.
bool is_idle(const RotationChange& change) {
  const PlannedStep& first = change.steps.front();
  return first.step == RotationStep::choose && first.state == StepState::pending;
}

/// Whether a next change has its date.
bool is_due(const RotationChange& change) {
  return change.steps.front().earliest.has_value();
}

bool is_done(const RotationChange& change) {
  return std::ranges::all_of(change.steps,
                             [](const PlannedStep& step) { return step.state == StepState::done; });
}

/// Whether a complete change leaves something to do: its selector leaves the plan.
bool ends_with_action(const RotationChange& change) {
  return is_done(change) && !change.emergency && !change.steps.back().actions.empty();
}

/// Whether a step that is due or has a time depends on what caches hold.
bool depends_on_caches(const RotationChange& change) {
  return std::ranges::any_of(change.steps, [](const PlannedStep& step) {
    const bool is_about_caches = step.step == RotationStep::sign ||
                                 step.step == RotationStep::delete_record || step.step == RotationStep::gone;
    return is_about_caches &&
           (step.state == StepState::due || (step.state == StepState::pending && step.earliest));
  });
}

class RotationPage : public TextPage {
 public:
  RotationPage(const checks::RotationOverview& overview, const TableStyle& style)
      : TextPage(style), overview_(overview) {}

  void verdict();
  void facts();
  void faults();
  void change(const RotationChange& change);
  void notes();

 private:
  void step(const PlannedStep& step, bool emergency);
  void reasons(const PlannedStep& step);
  void actions(const PlannedStep& step);
  void servers(const PlannedStep& step);

  const checks::RotationOverview& overview_;
};

void RotationPage::verdict() {
  const Symbol symbol = symbol_of(overview_.status);
  const std::string word = upper_case(checks::to_string(overview_.status));
  paragraph(fmt::format("{} {}  ", paint(symbol), paint(word, symbol.text_style)), 2 + word.size() + 2,
            fmt::format("{}: {}", overview_.domain.to_string(), overview_.headline), TextStyle::bold);
  line();
}

void RotationPage::facts() {
  const auto& state = overview_.state;
  if (state.current) {
    std::string text = state.current->to_string();
    if (state.key_since) {
      text += fmt::format(", its key {}since {}", state.key_may_be_older ? "seen " : "published ",
                          timestamp_text(*state.key_since, overview_.now));
    }
    for (const auto& other : state.also_active) text += fmt::format("; also {}", other.to_string());
    fact("Signs now", text);
  } else {
    fact("Signs now", "no selector is active");
  }
  if (state.due_at)
    fact("Due", fmt::format("change the key by {}", timestamp_text(*state.due_at, overview_.now)));
  if (state.next) {
    fact("Next",
         state.next->to_string() + (state.next_everywhere ? ", correct key on every server"
                                                          : ", correct key not seen on every server"));
  }
}

void RotationPage::faults() {
  for (const auto& fault : overview_.faults) {
    const Symbol symbol = symbol_of(fault.severity);
    line();
    line(fmt::format("  {} {}  {}", paint(symbol),
                     paint(checks::to_string(fault.severity), symbol.text_style), fault.row->name));
    paragraph("    ", 4,
              fault.evidence.empty() ? fault.clause : fmt::format("{}: {}", fault.clause, fault.evidence));
    if (!fault.remedy.empty())
      paragraph(fmt::format("    {} ", paint("fix:", TextStyle::good)), 9, fault.remedy);
  }
}

void RotationPage::reasons(const PlannedStep& step) {
  for (const auto& reason : step.reasons) {
    std::string text = reason.detail.str();
    if (!reason.reference().empty()) text += fmt::format(" ({})", reason.reference());
    paragraph("      ", 6, text, TextStyle::dim);
  }
}

void RotationPage::servers(const PlannedStep& step) {
  for (const auto& server : step.servers) {
    const std::string_view summary =
        server.detail.empty() ? words_of(server.progress) : std::string_view(server.detail);
    const std::string name = server_name(server.server);
    std::string text = fmt::format("{}: {}", name.empty() ? server.owner.to_string() : name, summary);
    if (server.since) text += fmt::format(", since {}", checks::time_text(*server.since));
    const bool should_go = removes_key(step.step) && step.state == StepState::due;
    paragraph(fmt::format("      {} ", paint(symbol_of(server.progress, should_go))), 8, text);
  }
}

void RotationPage::step(const PlannedStep& step, bool emergency) {
  const Symbol symbol = symbol_of(step.state);
  std::string summary = state_words(step, overview_.now);
  if (!step.summary.empty()) summary += (summary.empty() ? "" : ": ") + step.summary.str();
  const TextStyle text_style = step.state == StepState::due    ? TextStyle::bold
                               : step.state == StepState::done ? TextStyle::plain
                                                               : symbol.text_style;
  const std::string title =
      paint(pad_right(std::string(rotation_step_title(step.step, emergency)), title_columns - 6), text_style);
  if (style().columns >= narrowest_beside_title) {
    paragraph(fmt::format("  {} {}  ", paint(symbol), title), title_columns, summary);
  } else {
    line(fmt::format("  {} {}", paint(symbol), title));
    if (!summary.empty()) paragraph("      ", 6, summary);
  }
  // Reasons of past or missing times are only in the JSON.
  const bool is_ahead = step.state == StepState::pending && step.earliest && *step.earliest > overview_.now;
  if (is_ahead || step.state == StepState::unknown) reasons(step);
}

void RotationPage::actions(const PlannedStep& step) {
  for (const auto& action : step.actions) {
    paragraph(fmt::format("      {} ", style().unicode ? "→" : "->"), style().unicode ? 8 : 9,
              action.summary);
    if (action.lines.empty()) continue;
    line();
    for (const auto& text : action.lines) line(fmt::format("        {}", text));
    line();
  }
}

void RotationPage::change(const RotationChange& change) {
  const std::string title = rotation_change_title(change);
  line();
  paragraph("  ", 2, title, TextStyle::bold);
  if (is_idle(change)) {
    step(change.steps.front(), change.emergency);
    if (!is_due(change)) actions(change.steps.front());
    paragraph("      ", 6, "this prints all steps at once:", TextStyle::dim);
    line(fmt::format("\n        {}\n", overview_.plan_command));
    return;
  }
  if (is_done(change)) {
    const PlannedStep& last = change.steps.back();
    paragraph(fmt::format("  {} ", paint(good_symbol)), 4,
              last.since ? fmt::format("done since {}: {}", checks::time_text(*last.since), last.summary)
                         : fmt::format("done: {}", last.summary));
    actions(last);
    return;
  }
  // Actions and servers are shown only for the next step, so that it stands out.
  bool is_next = true;
  for (const auto& each : change.steps) {
    step(each, change.emergency);
    if (each.state == StepState::done) continue;
    if (is_next || each.step == RotationStep::revoke) servers(each);
    const bool is_turn = each.state != StepState::pending || each.step == RotationStep::check ||
                         each.step == RotationStep::wait;
    if (is_turn && (is_next || change.emergency)) actions(each);
    is_next = false;
  }
}

void RotationPage::notes() {
  std::vector<std::string> notes(overview_.notes.begin(), overview_.notes.end());
  if (std::ranges::any_of(overview_.changes, depends_on_caches))
    notes.push_back(fmt::format("Not seen by any probe: {}", caveats_line));
  if (overview_.in_progress)
    notes.emplace_back(
        "After each step and each wait, run this command again, or the one that the step names.");
  if (notes.empty()) return;
  line();
  for (const auto& note : notes) paragraph("  ", 2, note, TextStyle::dim);
}

/// The steps as comments, with the commands between them.
class RotationScript {
 public:
  explicit RotationScript(const TableStyle& style) : columns_(std::max(style.columns, narrowest_page)) {}

  void comment(std::string_view words) {
    for (const auto& part : wrap_text(words, columns_ - 2)) text_ += "# " + part + '\n';
  }
  void step(const PlannedStep& step) {
    text_ += '\n';
    std::string title(rotation_step_title(step.step, false));
    title.insert(title.find(' '), ".");
    if (step.earliest) title += fmt::format(", {}", checks::time_text(*step.earliest));
    comment(title);
    if (!step.summary.empty()) comment(step.summary);
    for (const auto& action : step.actions) {
      comment("- " + action.summary.str());
      for (const auto& line : action.lines)
        text_ += (action.kind == checks::ActionKind::command ? "" : "#   ") + line.str() + '\n';
    }
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::size_t columns_;
  std::string text_{};
};

}  // namespace

std::string rotation_change_title(const RotationChange& change) {
  std::string title = change.emergency ? "Emergency" : is_idle(change) ? "Next change" : "Change";
  if (change.emergency) title += ':';
  if (change.from) title += fmt::format(" from {}", change.from->to_string());
  if (change.to)
    title += fmt::format(" to {}{}", change.to->to_string(), change.to_is_new ? " (a new selector)" : "");
  return title;
}

std::string_view rotation_step_title(RotationStep step, bool emergency) {
  switch (step) {
    case RotationStep::choose:
      return "1 Choose a selector";
    case RotationStep::generate:
      return "2 Generate a key pair";
    case RotationStep::publish:
      return "3 Publish it";
    case RotationStep::check:
      return "4 Check on each server";
    case RotationStep::sign:
      return "5 Sign with it";
    case RotationStep::wait:
      return "6 Wait";
    case RotationStep::revoke:
      return emergency ? "3 Revoke it" : "7a Revoke the old key";
    case RotationStep::delete_record:
      return "7b Delete the old record";
    case RotationStep::gone:
      return emergency ? "4 Gone from all caches" : "7c Gone from all caches";
    case RotationStep::stop_signing:
      return "1 Stop signing with it";
    case RotationStep::replace:
      return "2 Replace it";
    case RotationStep::clean_up:
      return "5 Clean up";
  }
  return {};
}

std::string rotation_text(const checks::RotationOverview& overview, const TableStyle& style) {
  RotationPage page(overview, style);
  page.verdict();
  page.facts();
  page.faults();
  const bool is_busy = std::ranges::any_of(
      overview.changes, [](const RotationChange& change) { return !is_idle(change) && !is_done(change); });
  const bool is_ending = std::ranges::any_of(overview.changes, ends_with_action);
  for (const auto& change : overview.changes) {
    // What comes after a change that goes on, or after the last action of one, is not shown yet.
    if (!(is_busy || is_ending) || !is_idle(change) || is_due(change)) page.change(change);
  }
  page.notes();
  return page.take();
}

std::string rotation_script(const checks::RotationOverview& overview, const TableStyle& style) {
  RotationScript script(style);
  script.comment(fmt::format("{}: {}", overview.domain.to_string(), overview.headline));
  script.comment(
      "No server was queried, and this text changes nothing. Paste one command at a time into a shell, in "
      "this order; the last one shows how to go on. Dates are the earliest possible ones.");
  for (const auto& change : overview.changes) {
    for (const auto& step : change.steps) script.step(step);
  }
  return script.take();
}

}  // namespace dkimprobe::exporters
