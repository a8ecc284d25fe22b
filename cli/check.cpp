#include "cli/check.hpp"

#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/judge.hpp"
#include "cli/output.hpp"
#include "cli/signal_watch.hpp"
#include "cli/terminal.hpp"
#include "config/root_hints.hpp"
#include "exporters/report_json.hpp"
#include "exporters/report_table.hpp"
#include "probe/prober.hpp"

namespace dkimprobe::cli {
namespace {

using std::chrono::milliseconds;

struct Round {
  std::vector<probe::Observation> observations{};
  bool interrupted = false;
};

Round observe(const CheckCommand& command) {
  const bool show_progress = isatty(STDERR_FILENO) == 1;
  bool progress_shown = false;
  const auto progress = [&](milliseconds passed) {
    // A probe that is done at once leaves no flicker behind.
    if (passed < milliseconds{300}) return;
    progress_shown = true;
    fmt::print(stderr, "\rasking the nameservers of {} ... {:.1f} s", command.domain.to_string(),
               static_cast<double>(passed.count()) / 1'000.0);
    std::fflush(stderr);
  };

  Round round;
  probe::Prober prober(command.settings);
  {
    const SignalWatch watch([&] { prober.interrupt(); },
                            show_progress ? std::function<void(milliseconds)>(progress) : nullptr);
    round.observations = prober.observe(command.domain, command.selectors);
    round.interrupted = watch.interrupted();
  }
  if (progress_shown) fmt::print(stderr, "\r\x1b[K");
  return round;
}

std::string tables(const CheckCommand& command, const std::vector<checks::Report>& reports) {
  const auto style = output_style(command.color);
  std::string text;
  for (const auto& report : reports) {
    if (!text.empty()) text += '\n';
    text += exporters::report_table(report, style);
  }
  if (reports.size() > 1) text += '\n' + exporters::summary_table(command.domain, reports, style);
  return text;
}

ExitCode exit_code(checks::Status status) {
  switch (status) {
    case checks::Status::ok:
      return ExitCode::ok;
    case checks::Status::warning:
      return ExitCode::warning;
    case checks::Status::critical:
      return ExitCode::critical;
    case checks::Status::unknown:
      return ExitCode::unknown;
  }
  return ExitCode::unknown;
}

}  // namespace

config::Result<ExitCode> run_check(CheckCommand command) {
  if (command.root_hints) {
    auto servers = config::read_root_hints(*command.root_hints);
    if (!servers) return tl::unexpected(std::move(servers.error()));
    command.settings.root_servers = std::move(*servers);
  } else {
    command.settings.root_servers = config::builtin_root_servers();
  }

  const Round round = observe(command);
  std::vector<checks::Report> reports;
  for (const auto& observation : round.observations) {
    reports.push_back(checks::judge(observation, checks::Expectation{command.role}, checks::Policy{}));
  }
  const checks::Status status = checks::worst(reports);
  write_output(command.json ? exporters::check_json(command.domain, status, reports)
                            : tables(command, reports));
  if (!round.interrupted) return exit_code(status);
  if (!command.json) fmt::print(stderr, "dkimprobe: interrupted; what was not seen by then is unknown\n");
  return ExitCode::interrupted;
}

}  // namespace dkimprobe::cli
