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
#include "cli/io/terminal.hpp"
#include "cli/io/wall_clock.hpp"
#include "cli/plan/check_plan.hpp"
#include "cli/plan/judgement_context.hpp"
#include "cli/plan/probe_run.hpp"
#include "cli/plan/settings_input.hpp"
#include "config/basics/escape.hpp"
#include "exporters/formats/plugin_text.hpp"
#include "exporters/json/observation_json.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/metrics/textfile.hpp"
#include "exporters/store/history_changes.hpp"
#include "exporters/store/history_store.hpp"
#include "exporters/terminal/report_table.hpp"
#include "exporters/terminal/signature_table.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::cli {
namespace {

/// What the first selector says that is as bad as the whole domain.
std::string worst_headline(checks::Status status, const std::vector<checks::Report>& reports) {
  const auto report = std::ranges::find(reports, status, &checks::Report::status);
  return report == reports.end() ? std::string{}
                                 : fmt::format("{}: {}", report->selector.to_string(), report->headline);
}

void print_settings_good(const CheckCommand& command, const config::Settings& settings) {
  std::size_t selectors = 0;
  for (const auto& domain : settings.domains) selectors += domain.selectors.size();
  write_output(fmt::format("{}: {}, {}, no mistakes\n", config::escape_text(command.settings_file->string()),
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
    // A history that cannot be read has been told of by then.
    if (const auto known = history->load(report.domain, report.selector))
      each.key_first_seen = exporters::key_first_seen(*known, report);
  }
  return write_file(file,
                    exporters::textfile(measured, file.filename().string(), program_version(), run_time()),
                    Readers::everybody);
}

void warn(const config::Mistakes& mistakes, std::string_view so) {
  const auto& [where, message] = mistakes.front();
  fmt::print(stderr, "dkimprobe: warning: {}: {}; {}\n", where, message, so);
}

}  // namespace

tl::expected<ExitCode, CheckRefused> run_check(const CheckCommand& command) {
  auto loaded = load_settings(command);
  if (!loaded) return tl::unexpected(CheckRefused{ExitCode::settings, std::move(loaded.error())});
  const config::Settings& settings = loaded->settings;
  if (command.only_check_settings) {
    print_settings_good(command, settings);
    return ExitCode::ok;
  }
  std::vector<checks::SignatureField> signatures;
  if (command.message) {
    auto read = read_message(*command.message);
    if (!read) return tl::unexpected(CheckRefused{ExitCode::settings, std::move(read.error())});
    signatures = std::move(*read);
  }
  auto plan = command.message ? plan_message(command, settings, signatures) : plan_check(command, settings);
  if (!plan) return tl::unexpected(CheckRefused{ExitCode::usage, std::move(plan.error())});
  if (command.message && !command.output.json) {
    write_output(exporters::signature_table(signatures, shown_name(*command.message),
                                            output_style(command.output.color)));
  }

  std::optional<exporters::HistoryStore> history;
  if (command.storage) {
    auto opened = exporters::HistoryStore::open(*command.storage);
    if (!opened) return tl::unexpected(CheckRefused{ExitCode::settings, std::move(opened.error())});
    history = std::move(*opened);
  }

  config::Result<void> stored;
  std::vector<exporters::DomainSummary> domains;
  std::vector<exporters::DomainReports> of_message;
  std::vector<probe::Observation> seen;
  std::vector<checks::Report> judged;  // for the outputs that tell of all domains at once
  const bool at_once = command.plugin || command.textfile;
  const auto began = std::chrono::steady_clock::now();
  bool interrupted = false;
  for (auto& target : plan->targets) {
    // A plugin has its time for all domains together.
    if (command.plugin) {
      auto& time = target.probe.budgets.domain_time;
      time =
          std::max(std::chrono::milliseconds{1}, time - std::chrono::duration_cast<std::chrono::milliseconds>(
                                                            std::chrono::steady_clock::now() - began));
    }
    Look look = look_at(target, command.plugin ? ExitCode::unknown : ExitCode::interrupted);
    // What the operator interrupted says nothing of the servers. What could not be written is tried again
    // with the next domain, and is known to this process all the same.
    exporters::HistoryStore* const store = history && !look.interrupted ? &*history : nullptr;
    if (store != nullptr) stored = store->record(look.observations, run_time());
    auto known = backgrounds_of(store, look.observations);
    if (!known) {
      if (stored) warn(known.error(), "it is judged without the history");
      known.emplace(look.observations.size());
    }
    std::vector<checks::Report> reports;
    for (std::size_t i = 0; i < look.observations.size(); ++i) {
      const Background& background = (*known)[i];
      reports.push_back(checks::judge(look.observations[i], target.expectations[i], background.history,
                                      target.policy, signatures, background.elsewhere)
                            .report);
    }
    const checks::Status status = checks::worst(reports);
    if (at_once) {
      std::ranges::copy(reports, std::back_inserter(judged));
    } else if (!command.output.json) {
      write_output((domains.empty() && !command.message ? "" : "\n") +
                   report_tables(target.domain, reports, command.output.color));
    } else if (command.message) {
      of_message.push_back({target.domain, status, reports});
    } else if (command.every_domain) {
      write_output(exporters::check_json_line(target.domain, status, reports));
    } else {
      write_output(exporters::check_json(target.domain, status, reports));
    }
    domains.push_back({target.domain, status, worst_headline(status, reports)});
    if (command.save) std::ranges::move(look.observations, std::back_inserter(seen));
    interrupted = look.interrupted;
    if (interrupted) break;
  }
  // The verdict stands whatever becomes of the history.
  if (!stored) warn(stored.error(), "what was seen is not stored");
  if (command.save && seen.empty()) {
    fmt::print(stderr, "dkimprobe: no server was asked, so nothing is stored\n");
  } else if (command.save) {
    if (auto saved = write_file(*command.save, exporters::observation_json(seen)); !saved)
      return tl::unexpected(CheckRefused{ExitCode::settings, std::move(saved.error())});
  }
  if (!command.output.json && !at_once && domains.size() > 1)
    write_output('\n' + exporters::domains_table(domains, output_style(command.output.color)));
  std::vector<checks::Status> statuses;
  for (const auto& domain : domains) statuses.push_back(domain.status);
  if (any_names_no_key(signatures)) statuses.push_back(checks::Status::critical);
  const checks::Status status = checks::worst(statuses);
  if (command.textfile && !interrupted) {
    if (auto written = write_textfile(*command.textfile, judged, history); !written)
      return tl::unexpected(CheckRefused{ExitCode::settings, std::move(written.error())});
  }
  if (command.plugin)
    write_output(interrupted ? exporters::plugin_failure(std::vector<std::string>{"interrupted"})
                             : exporters::plugin_text(judged, status, plan->targets.front().policy));
  if (command.message && command.output.json)
    write_output(exporters::message_json(status, signatures, of_message));
  if (!interrupted) return exit_code(status);
  if (!command.output.json && !command.plugin)
    fmt::print(stderr, "dkimprobe: interrupted; what was not seen by then is unknown\n");
  return ExitCode::interrupted;
}

}  // namespace dkimprobe::cli
