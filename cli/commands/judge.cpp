#include "cli/commands/commands.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "checks/judgement/judge.hpp"
#include "cli/io/message_input.hpp"
#include "cli/io/output.hpp"
#include "cli/io/report_output.hpp"
#include "cli/plan/check_plan.hpp"
#include "cli/plan/judgement_context.hpp"
#include "cli/plan/settings_input.hpp"
#include "config/records/input.hpp"
#include "exporters/json/observation_json.hpp"
#include "exporters/store/history_store.hpp"

namespace dkimprobe::cli {

namespace {

using exporters::HistoryStore;
using Observations = std::vector<probe::Observation>;

/// What the stored observations are judged with.
struct JudgeInput {
  config::Settings settings{};
  std::optional<HistoryStore> store{};
  NamedMessage message{};
};

config::Result<JudgeInput> read_input(const JudgeCommand& command) {
  JudgeInput input;
  if (command.settings_file) {
    auto read = load_settings(*command.settings_file);
    if (!read) return tl::unexpected(std::move(read.error()));
    input.settings = std::move(*read);
  }
  if (auto read = load_trust_anchors(command.trust_anchor, input.settings); !read)
    return tl::unexpected(std::move(read.error()));
  if (command.storage) {
    auto opened = HistoryStore::open(*command.storage, exporters::HistoryAccess::read);
    if (!opened) return tl::unexpected(std::move(opened.error()));
    input.store = std::move(*opened);
  }
  auto message = read_message(command.message);
  if (!message) return tl::unexpected(std::move(message.error()));
  input.message = std::move(*message);
  return input;
}

/// The reports of one domain, with the same expectations as `check` with these selectors.
config::Result<std::vector<checks::Report>> judge_domain(const JudgeCommand& command, JudgeInput& input,
                                                         std::span<const probe::Observation> probes) {
  TargetChoice choice{.domain = probes.front().domain, .role = command.role};
  for (const auto& probe : probes) choice.selectors.push_back(probe.selector);
  const auto plan = plan_check(choice, AskOptions{}, input.settings);
  if (!plan) return tl::unexpected(plan.error());
  const CheckTarget& target = plan->targets.front();
  const auto known = backgrounds_of(input.store ? &*input.store : nullptr, probes);
  if (!known) return tl::unexpected(known.error());
  std::vector<checks::Report> reports;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const Background& background = (*known)[i];
    const auto expected = std::ranges::find(target.selectors, probes[i].selector) - target.selectors.begin();
    reports.push_back(checks::judge(probes[i], target.expectations[static_cast<std::size_t>(expected)],
                                    background.history, target.policy, input.message.signatures,
                                    background.elsewhere)
                          .report);
  }
  return reports;
}

/// The end of the observations of the same domain, which are adjacent.
Observations::const_iterator end_of_domain(Observations::const_iterator first, const Observations& stored) {
  return std::find_if(first, stored.end(),
                      [&](const probe::Observation& other) { return !(other.domain == first->domain); });
}

}  // namespace

CommandResult run(const JudgeCommand& command) {
  const auto text = config::read_file(command.file, exporters::largest_observation_file_bytes);
  if (!text) return tl::unexpected(text.error());
  const auto stored = exporters::read_observation_json(*text, config::shown_name(command.file));
  if (!stored) return tl::unexpected(stored.error());
  auto input = read_input(command);
  if (!input) return tl::unexpected(std::move(input.error()));

  const bool is_one_domain = end_of_domain(stored->begin(), *stored) == stored->end();
  const ReportForm json = is_one_domain ? ReportForm::json : ReportForm::json_lines;
  ReportPrinter printer(command.output.json ? json : ReportForm::tables, command.output.color,
                        input->message);
  std::vector<checks::Status> statuses;
  for (auto first = stored->begin(); first != stored->end();) {
    const auto last = end_of_domain(first, *stored);
    const auto reports = judge_domain(command, *input, std::span(first, last));
    if (!reports) return tl::unexpected(reports.error());
    statuses.push_back(checks::worst(*reports));
    printer.print(first->domain, statuses.back(), *reports);
    first = last;
  }
  const checks::Status status = status_of_all(statuses, input->message);
  printer.end(status);
  return exit_code(status);
}

}  // namespace dkimprobe::cli
