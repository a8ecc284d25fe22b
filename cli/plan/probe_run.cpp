#include "cli/plan/probe_run.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>

#include <fmt/format.h>

#include "cli/io/output.hpp"
#include "cli/io/signal_watch.hpp"
#include "cli/io/wall_clock.hpp"
#include "probe/collection/prober.hpp"

namespace dkimprobe::cli {

using std::chrono::milliseconds;

ProbeResult run_probe(const CheckTarget& target, ExitCode insisted) {
  const bool show_progress = isatty(STDERR_FILENO) == 1;
  bool progress_shown = false;
  const auto progress = [&](milliseconds passed) {
    // A probe that ends at once causes no flicker.
    if (passed < milliseconds{300}) return;
    progress_shown = true;
    print_text(fmt::format("\rasking the nameservers of {} ... {:.1f} s", target.domain.to_string(),
                           static_cast<double>(passed.count()) / 1'000.0));
    std::fflush(stderr);
  };

  ProbeResult probe;
  probe::Prober prober(target.probe, run_time);
  {
    const SignalWatch watch([&] { prober.interrupt(); },
                            show_progress ? std::function<void(milliseconds)>(progress) : nullptr, insisted);
    probe.observations = prober.observe(target.domain, target.selectors);
    probe.interrupted = watch.interrupted();
  }
  if (progress_shown) print_text("\r\x1b[K");
  return probe;
}

}  // namespace dkimprobe::cli
