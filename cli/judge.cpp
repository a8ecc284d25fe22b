#include "cli/judge.hpp"

#include <utility>
#include <vector>

#include "checks/judge.hpp"
#include "cli/input.hpp"
#include "cli/report_output.hpp"
#include "exporters/observation_json.hpp"

namespace dkimprobe::cli {

config::Result<ExitCode> run_judge(const JudgeCommand& command) {
  const auto text = read_file(command.file, exporters::largest_observation_file_bytes);
  if (!text) return tl::unexpected(text.error());
  const auto stored = exporters::read_observation_json(*text, shown_name(command.file));
  if (!stored) return tl::unexpected(stored.error());
  std::vector<checks::Report> reports;
  for (const auto& observation : stored->observations) {
    reports.push_back(checks::judge(observation, checks::Expectation{command.role}, checks::Policy{}));
  }
  return print_reports(stored->domain, reports, command.output);
}

}  // namespace dkimprobe::cli
