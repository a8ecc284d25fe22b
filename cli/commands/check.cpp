#include "cli/commands/check.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/judgement/judge.hpp"
#include "cli/io/input.hpp"
#include "cli/io/message_input.hpp"
#include "cli/io/output.hpp"
#include "cli/io/report_output.hpp"
#include "cli/io/wall_clock.hpp"
#include "cli/plan/check_plan.hpp"
#include "cli/plan/judgement_context.hpp"
#include "cli/plan/probe_run.hpp"
#include "cli/plan/settings_input.hpp"
#include "config/basics/escape.hpp"
#include "exporters/formats/plugin_text.hpp"
#include "exporters/json/observation_json.hpp"
#include "exporters/metrics/textfile.hpp"
#include "exporters/store/history_changes.hpp"
#include "exporters/store/history_store.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::cli {
namespace {

void print_settings_good(const CheckCommand& command, const config::Settings& settings) {
  std::size_t selectors = 0;
  for (const auto& domain : settings.domains) selectors += domain.selectors.size();
  write_output(fmt::format("{}: {}, {}, no errors\n", config::escape_text(command.settings_file->string()),
                           exporters::counted(settings.domains.size(), "domain"),
                           exporters::counted(selectors, "selector")));
}

/// The metrics of one run.
config::Result<void> write_textfile(const std::filesystem::path& file,
                                    const std::vector<checks::Report>& reports,
                                    std::optional<exporters::HistoryStore>& history) {
  if (file.extension() != ".prom") {
    fmt::print(stderr, "dkimprobe: warning: {}: node_exporter reads only files whose names end with .prom\n",
               config::escape_text(file.string()));
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
  fmt::print(stderr, "dkimprobe: warning: {}: {}; {}\n", where, message, so);
}

/// What to ask, and what the verdict is based on.
struct CheckInput {
  NamedMessage message{};
  CheckPlan plan{};
  std::optional<exporters::HistoryStore> history{};
};

CheckRefused refused(ExitCode code, config::Errors& errors) {
  return {code, std::move(errors)};
}

tl::expected<CheckInput, CheckRefused> read_input(const CheckCommand& command,
                                                  const config::Settings& settings) {
  CheckInput input;
  if (command.message) {
    auto read = read_message(*command.message);
    if (!read) return tl::unexpected(refused(ExitCode::settings, read.error()));
    input.message = {shown_name(*command.message), std::move(*read)};
  }
  auto plan = command.message ? plan_message(command, settings, input.message.signatures)
                              : plan_check(command, settings);
  if (!plan) return tl::unexpected(refused(ExitCode::usage, plan.error()));
  input.plan = std::move(*plan);
  if (command.storage) {
    auto opened = exporters::HistoryStore::open(*command.storage);
    if (!opened) return tl::unexpected(refused(ExitCode::settings, opened.error()));
    input.history = std::move(*opened);
  }
  return input;
}

ReportForm form_of(const CheckCommand& command) {
  if (!command.output.json) return ReportForm::tables;
  return command.every_domain ? ReportForm::json_lines : ReportForm::json;
}

/// One run over all targets: asks, judges and prints.
class CheckRun {
 public:
  CheckRun(const CheckCommand& command, CheckInput& input) : command_(command), input_(input) {
    if (!tells_at_end()) printer_.emplace(form_of(command), command.output.color, input.message);
  }

  void ask_all();
  [[nodiscard]] tl::expected<ExitCode, CheckRefused> end();

 private:
  /// Whether the output covers all domains at once and is written at the end.
  [[nodiscard]] bool tells_at_end() const { return command_.plugin || command_.textfile; }
  /// Leaves the rest of the time: for a plugin, all domains share one time limit.
  void leave_time(CheckTarget& target) const;
  [[nodiscard]] std::vector<checks::Report> judge(const CheckTarget& target, const ProbeResult& probe);
  [[nodiscard]] config::Result<void> save() const;

  const CheckCommand& command_;
  CheckInput& input_;
  std::optional<ReportPrinter> printer_{};
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  config::Result<void> stored_{};
  std::vector<probe::Observation> seen_{};
  std::vector<checks::Report> judged_{};  ///< for output at the end
  std::vector<checks::Status> statuses_{};
  bool interrupted_ = false;
};

void CheckRun::leave_time(CheckTarget& target) const {
  using std::chrono::milliseconds;
  const auto gone = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began_);
  auto& time = target.probe.budgets.domain_time;
  time = std::max(milliseconds{1}, time - gone);
}

std::vector<checks::Report> CheckRun::judge(const CheckTarget& target, const ProbeResult& probe) {
  // An interrupted probe proves nothing about the servers. A probe that could not be written stays in memory
  // and is written again with the next domain.
  exporters::HistoryStore* const store = input_.history && !probe.interrupted ? &*input_.history : nullptr;
  if (store != nullptr) stored_ = store->record(probe.observations, run_time());
  auto known = backgrounds_of(store, probe.observations);
  if (!known) {
    if (stored_) warn(known.error(), "the verdict does not use the history");
    known.emplace(probe.observations.size());
  }
  std::vector<checks::Report> reports;
  for (std::size_t i = 0; i < probe.observations.size(); ++i) {
    const Background& background = (*known)[i];
    reports.push_back(checks::judge(probe.observations[i], target.expectations[i], background.history,
                                    target.policy, input_.message.signatures, background.elsewhere)
                          .report);
  }
  return reports;
}

void CheckRun::ask_all() {
  for (auto& target : input_.plan.targets) {
    if (command_.plugin) leave_time(target);
    ProbeResult probe = run_probe(target, command_.plugin ? ExitCode::unknown : ExitCode::interrupted);
    std::vector<checks::Report> reports = judge(target, probe);
    const checks::Status status = checks::worst(reports);
    if (printer_) printer_->print(target.domain, status, reports);
    if (tells_at_end()) std::ranges::move(reports, std::back_inserter(judged_));
    statuses_.push_back(status);
    if (command_.save) std::ranges::move(probe.observations, std::back_inserter(seen_));
    interrupted_ = probe.interrupted;
    if (interrupted_) return;
  }
}

config::Result<void> CheckRun::save() const {
  if (!command_.save) return {};
  if (seen_.empty()) {
    fmt::print(stderr, "dkimprobe: no server was asked, so nothing is stored\n");
    return {};
  }
  return write_file(*command_.save, exporters::observation_json(seen_));
}

tl::expected<ExitCode, CheckRefused> CheckRun::end() {
  // The verdict does not depend on whether the history could be written.
  if (!stored_) warn(stored_.error(), "this probe is not in the history");
  if (auto saved = save(); !saved) return tl::unexpected(refused(ExitCode::settings, saved.error()));
  const checks::Status status = status_of_all(statuses_, input_.message);
  if (command_.textfile && !interrupted_) {
    if (auto written = write_textfile(*command_.textfile, judged_, input_.history); !written)
      return tl::unexpected(refused(ExitCode::settings, written.error()));
  }
  if (command_.plugin) {
    write_output(interrupted_ ? exporters::plugin_failure(std::vector<std::string>{"interrupted"})
                              : exporters::plugin_text(judged_, status, input_.plan.targets.front().policy));
  }
  if (printer_) printer_->end(status);
  if (!interrupted_) return exit_code(status);
  if (!command_.output.json && !command_.plugin)
    fmt::print(stderr, "dkimprobe: interrupted; whatever was not probed yet is unknown\n");
  return ExitCode::interrupted;
}

}  // namespace

tl::expected<ExitCode, CheckRefused> run_check(const CheckCommand& command) {
  auto loaded = load_settings(command);
  if (!loaded) return tl::unexpected(refused(ExitCode::settings, loaded.error()));
  if (command.only_check_settings) {
    print_settings_good(command, loaded->settings);
    return ExitCode::ok;
  }
  auto input = read_input(command, loaded->settings);
  if (!input) return tl::unexpected(std::move(input.error()));
  CheckRun run(command, *input);
  run.ask_all();
  return run.end();
}

}  // namespace dkimprobe::cli
