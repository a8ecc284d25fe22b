#include "cli/check.hpp"

#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/judge.hpp"
#include "cli/output.hpp"
#include "cli/report_output.hpp"
#include "cli/signal_watch.hpp"
#include "config/root_hints.hpp"
#include "exporters/observation_json.hpp"
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

}  // namespace

config::Result<ExitCode> run_check(CheckCommand command) {
  if (command.root_hints) {
    auto servers = config::read_root_hints(*command.root_hints);
    if (!servers) return tl::unexpected(std::move(servers.error()));
    command.settings.root_servers = std::move(*servers);
  } else {
    command.settings.root_servers = config::builtin_root_servers();
  }

  Round round = observe(command);
  std::vector<checks::Report> reports;
  for (const auto& observation : round.observations) {
    reports.push_back(checks::judge(observation, checks::Expectation{command.role}, checks::Policy{}));
  }
  if (command.save) {
    const std::string text = exporters::observation_json({command.domain, std::move(round.observations)});
    if (auto saved = write_file(*command.save, text); !saved) return tl::unexpected(std::move(saved.error()));
  }
  const ExitCode code = print_reports(command.domain, reports, command.output);
  if (!round.interrupted) return code;
  if (!command.output.json)
    fmt::print(stderr, "dkimprobe: interrupted; what was not seen by then is unknown\n");
  return ExitCode::interrupted;
}

}  // namespace dkimprobe::cli
