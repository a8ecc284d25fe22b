#include "cli/commands/commands.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/judgement/judge.hpp"
#include "cli/io/message_input.hpp"
#include "cli/io/output.hpp"
#include "cli/io/report_output.hpp"
#include "cli/io/wall_clock.hpp"
#include "cli/plan/check_plan.hpp"
#include "cli/plan/judgement_context.hpp"
#include "cli/plan/kept_history.hpp"
#include "cli/plan/probe_run.hpp"
#include "cli/plan/settings_input.hpp"
#include "config/basics/escape.hpp"
#include "exporters/formats/plugin_text.hpp"
#include "exporters/json/observation_json.hpp"
#include "exporters/metrics/textfile.hpp"
#include "exporters/store/history_changes.hpp"
#include "exporters/store/history_store.hpp"

namespace dkimprobe::cli {
namespace {

using exporters::HistoryStore;

/// The metrics of one run.
config::Result<void> write_textfile(const std::filesystem::path& file,
                                    const std::vector<checks::Report>& reports,
                                    std::optional<HistoryStore>& history) {
  if (file.extension() != ".prom") {
    print_warning(
        {config::escape_text(file.string()), "node_exporter reads only files whose names end with .prom"});
  }
  std::vector<exporters::MeasuredReport> measured;
  for (const auto& report : reports) {
    auto& each = measured.emplace_back(&report);
    if (!history) continue;
    // If the history cannot be read, that has already been reported.
    if (const auto known = history->load(report.domain, report.selector))
      each.key_first_seen = exporters::key_first_seen(*known, report);
  }
  return write_file(file,
                    exporters::textfile(measured, file.filename().string(), program_version(), run_time()),
                    Readers::everybody);
}

void warn(const config::Errors& errors, std::string_view so) {
  const auto& [where, message] = errors.front();
  print_warning({where, fmt::format("{}; {}", message, so)});
}

/// One run over all targets.
class CheckRun {
 public:
  CheckRun(const CheckCommand& command, const NamedMessage& message, std::optional<HistoryStore> history)
      : command_(command), message_(message), history_(std::move(history)) {
    if (!reports_at_end()) printer_.emplace(form(), command.output.color, message_);
  }

  [[nodiscard]] ProbeResult ask(CheckTarget& target) const;
  [[nodiscard]] std::vector<checks::Report> judge(const CheckTarget& target, const ProbeResult& probe);
  void write(const CheckTarget& target, ProbeResult probe, std::vector<checks::Report> reports);
  /// Writes what covers all domains at once.
  [[nodiscard]] CommandResult finish(const CheckPlan& plan);

 private:
  [[nodiscard]] bool reports_at_end() const { return command_.plugin || command_.textfile; }
  [[nodiscard]] ReportForm form() const;
  [[nodiscard]] config::Result<void> save() const;

  const CheckCommand& command_;
  const NamedMessage& message_;
  std::optional<HistoryStore> history_;
  std::optional<ReportPrinter> printer_{};
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  config::Result<void> recorded_{};                 ///< in the history, the last time
  std::vector<probe::Observation> observations_{};  ///< to be saved
  std::vector<checks::Report> reports_{};           ///< for output at the end
  std::vector<checks::Status> statuses_{};
  bool interrupted_ = false;
};

ReportForm CheckRun::form() const {
  if (!command_.output.json) return ReportForm::tables;
  return command_.targets.domain ? ReportForm::json : ReportForm::json_lines;
}

ProbeResult CheckRun::ask(CheckTarget& target) const {
  using std::chrono::milliseconds;
  if (!command_.plugin) return run_probe(target);
  // All domains share the time limit of a plugin.
  const auto passed = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began_);
  auto& time = target.probe.budgets.domain_time;
  time = std::max(milliseconds{1}, time - passed);
  return run_probe(target, ExitCode::unknown);
}

std::vector<checks::Report> CheckRun::judge(const CheckTarget& target, const ProbeResult& probe) {
  // An interrupted probe proves nothing about the servers. A probe that could not be written stays in memory
  // and is written again with the next domain.
  HistoryStore* const store = history_ && !probe.interrupted ? &*history_ : nullptr;
  if (store != nullptr) recorded_ = store->record(probe.observations, run_time());
  auto known = backgrounds_of(store, probe.observations);
  if (!known) {
    if (recorded_) warn(known.error(), "the verdict does not use the history");
    known.emplace(probe.observations.size());
  }
  std::vector<checks::Report> reports;
  for (std::size_t i = 0; i < probe.observations.size(); ++i) {
    const Background& background = (*known)[i];
    reports.push_back(checks::judge(probe.observations[i], target.expectations[i], background.history,
                                    target.policy, message_.signatures, background.elsewhere)
                          .report);
  }
  return reports;
}

void CheckRun::write(const CheckTarget& target, ProbeResult probe, std::vector<checks::Report> reports) {
  statuses_.push_back(checks::worst(reports));
  if (printer_) printer_->print(target.domain, statuses_.back(), reports);
  if (reports_at_end()) std::ranges::move(reports, std::back_inserter(reports_));
  if (command_.save) std::ranges::move(probe.observations, std::back_inserter(observations_));
  interrupted_ = probe.interrupted;
}

config::Result<void> CheckRun::save() const {
  if (!command_.save) return {};
  if (observations_.empty()) {
    print_message("no server was asked, so nothing is stored");
    return {};
  }
  const std::string text = exporters::observation_json(observations_);
  if (text.size() > exporters::largest_observation_file_bytes) {
    return config::failure(
        "--save", fmt::format("the observations have {} bytes, and `judge` reads at most {}; save fewer "
                              "selectors at once",
                              text.size(), exporters::largest_observation_file_bytes));
  }
  return write_file(*command_.save, text);
}

CommandResult CheckRun::finish(const CheckPlan& plan) {
  // The verdict does not depend on whether the history could be written.
  if (!recorded_) warn(recorded_.error(), "this probe is not in the history");
  if (auto saved = save(); !saved) return tl::unexpected(std::move(saved.error()));
  const checks::Status status = status_of_all(statuses_, message_);
  if (command_.textfile && !interrupted_) {
    if (auto written = write_textfile(*command_.textfile, reports_, history_); !written)
      return tl::unexpected(std::move(written.error()));
  }
  if (command_.plugin) {
    write_output(interrupted_ ? exporters::plugin_failure(std::vector<std::string>{"interrupted"})
                              : exporters::plugin_text(reports_, status, plan.targets.front().policy));
  }
  if (printer_) printer_->end(status);
  if (!interrupted_) return exit_code(status);
  if (!command_.output.json && !command_.plugin)
    print_message("interrupted; whatever was not probed yet is unknown");
  return ExitCode::interrupted;
}

}  // namespace

CommandResult run(const CheckCommand& command) {
  const auto loaded = load_settings(command.ask);
  if (!loaded) return tl::unexpected(loaded.error());
  if (command.only_check_settings) {
    write_output(settings_summary(*command.ask.settings_file, loaded->settings));
    return ExitCode::ok;
  }
  const auto message = read_message(command.message);
  if (!message) return tl::unexpected(message.error());
  auto plan = command.message ? plan_message(command, loaded->settings, message->signatures)
                              : plan_check(command.targets, command.ask, loaded->settings);
  if (!plan) return tl::unexpected(Refusal(std::move(plan.error()), ExitCode::usage));
  std::optional<HistoryStore> history;
  if (command.ask.storage && check_clock()) {
    auto opened = HistoryStore::open(*command.ask.storage);
    if (!opened) return tl::unexpected(std::move(opened.error()));
    history = std::move(*opened);
  }

  CheckRun check(command, *message, std::move(history));
  for (auto& target : plan->targets) {
    ProbeResult probe = check.ask(target);
    auto reports = check.judge(target, probe);
    const bool interrupted = probe.interrupted;
    check.write(target, std::move(probe), std::move(reports));
    if (interrupted) break;
  }
  return check.finish(*plan);
}

}  // namespace dkimprobe::cli
