#include "cli/judge.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "checks/judge.hpp"
#include "cli/check_plan.hpp"
#include "cli/input.hpp"
#include "cli/output.hpp"
#include "cli/report_output.hpp"
#include "cli/settings_input.hpp"
#include "exporters/observation_json.hpp"
#include "exporters/report_json.hpp"

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
    std::vector<checks::Report> reports;
    for (auto each = first; each != last; ++each) {
      const auto known = std::ranges::find(target.selectors, each->selector) - target.selectors.begin();
      reports.push_back(
          checks::judge(*each, target.expectations[static_cast<std::size_t>(known)], plan->policy));
    }
    const checks::Status status = checks::worst(reports);
    const bool is_all = last - first == static_cast<std::ptrdiff_t>(stored->size());
    if (!command.output.json) {
      write_output((statuses.empty() ? "" : "\n") +
                   report_tables(first->domain, reports, command.output.color));
    } else if (is_all) {
      write_output(exporters::check_json(first->domain, status, reports));
    } else {
      write_output(exporters::check_json_line(first->domain, status, reports));
    }
    statuses.push_back(status);
    first = last;
  }
  return exit_code(checks::worst(statuses));
}

}  // namespace dkimprobe::cli
