#include "cli/commands/judge.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "checks/judgement/judge.hpp"
#include "cli/io/input.hpp"
#include "cli/io/message_input.hpp"
#include "cli/io/output.hpp"
#include "cli/io/report_output.hpp"
#include "cli/io/terminal.hpp"
#include "cli/plan/check_plan.hpp"
#include "cli/plan/judgement_context.hpp"
#include "cli/plan/settings_input.hpp"
#include "exporters/json/observation_json.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/store/history_store.hpp"
#include "exporters/terminal/signature_table.hpp"

namespace dkimprobe::cli {

config::Result<ExitCode> run_judge(const JudgeCommand& command) {
  const auto text = read_file(command.file, exporters::largest_observation_file_bytes);
  if (!text) return tl::unexpected(text.error());
  const auto stored = exporters::read_observation_json(*text, shown_name(command.file));
  if (!stored) return tl::unexpected(stored.error());
  config::Settings settings;
  if (command.settings_file) {
    auto read = load_settings(*command.settings_file);
    if (!read) return tl::unexpected(std::move(read.error()));
    settings = std::move(*read);
  }
  std::optional<exporters::HistoryStore> store;
  if (command.storage) {
    auto opened = exporters::HistoryStore::open(*command.storage, exporters::HistoryAccess::read);
    if (!opened) return tl::unexpected(std::move(opened.error()));
    store = std::move(*opened);
  }
  std::vector<checks::SignatureField> signatures;
  if (command.message) {
    auto read = read_message(*command.message);
    if (!read) return tl::unexpected(std::move(read.error()));
    signatures = std::move(*read);
    if (!command.output.json) {
      write_output(exporters::signature_table(signatures, shown_name(*command.message),
                                              output_style(command.output.color)));
    }
  }
  std::vector<exporters::DomainReports> of_message;
  // The selectors of a domain follow each other, as they were stored.
  std::vector<checks::Status> statuses;
  for (auto first = stored->begin(); first != stored->end();) {
    const auto last = std::find_if(first, stored->end(), [&](const probe::Observation& other) {
      return !(other.domain == first->domain);
    });
    // What is expected is the same as when `check` is given these selectors.
    CheckCommand asked;
    asked.domain = first->domain;
    for (auto each = first; each != last; ++each) asked.selectors.push_back(each->selector);
    asked.role = command.role;
    const auto plan = plan_check(asked, settings);
    if (!plan) return tl::unexpected(plan.error());
    const CheckTarget& target = plan->targets.front();
    const std::span looks(first, last);
    const auto known = backgrounds_of(store ? &*store : nullptr, looks);
    if (!known) return tl::unexpected(known.error());
    std::vector<checks::Report> reports;
    for (auto each = first; each != last; ++each) {
      const Background& background = (*known)[static_cast<std::size_t>(each - first)];
      const auto expected = std::ranges::find(target.selectors, each->selector) - target.selectors.begin();
      reports.push_back(checks::judge(*each, target.expectations[static_cast<std::size_t>(expected)],
                                      background.history, target.policy, signatures, background.elsewhere)
                            .report);
    }
    const checks::Status status = checks::worst(reports);
    const bool is_all = last - first == static_cast<std::ptrdiff_t>(stored->size());
    if (!command.output.json) {
      write_output((statuses.empty() && !command.message ? "" : "\n") +
                   report_tables(first->domain, reports, command.output.color));
    } else if (command.message) {
      of_message.push_back({first->domain, status, std::move(reports)});
    } else if (is_all) {
      write_output(exporters::check_json(first->domain, status, reports));
    } else {
      write_output(exporters::check_json_line(first->domain, status, reports));
    }
    statuses.push_back(status);
    first = last;
  }
  if (any_names_no_key(signatures)) statuses.push_back(checks::Status::critical);
  const checks::Status status = checks::worst(statuses);
  if (command.message && command.output.json)
    write_output(exporters::message_json(status, signatures, of_message));
  return exit_code(status);
}

}  // namespace dkimprobe::cli
