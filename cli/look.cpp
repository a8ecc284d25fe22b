#include "cli/look.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "cli/settings_input.hpp"
#include "cli/signal_watch.hpp"
#include "config/root_hints.hpp"
#include "probe/prober.hpp"

namespace dkimprobe::cli {

using std::chrono::milliseconds;

config::Result<config::Settings> read_files(const CheckCommand& command) {
  config::Settings settings;
  config::Mistakes mistakes;
  if (command.settings_file) {
    if (auto read = load_settings(*command.settings_file)) {
      settings = std::move(*read);
    } else {
      mistakes = std::move(read.error());
    }
  }
  if (command.root_hints) {
    if (auto servers = config::read_root_hints(*command.root_hints)) {
      settings.probe.root_servers = std::move(*servers);
    } else {
      std::ranges::move(servers.error(), std::back_inserter(mistakes));
    }
  }
  if (settings.probe.root_servers.empty()) settings.probe.root_servers = config::builtin_root_servers();
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  return settings;
}

Look look_at(const CheckTarget& target) {
  const bool show_progress = isatty(STDERR_FILENO) == 1;
  bool progress_shown = false;
  const auto progress = [&](milliseconds passed) {
    // A probe that is done at once leaves no flicker behind.
    if (passed < milliseconds{300}) return;
    progress_shown = true;
    fmt::print(stderr, "\rasking the nameservers of {} ... {:.1f} s", target.domain.to_string(),
               static_cast<double>(passed.count()) / 1'000.0);
    std::fflush(stderr);
  };

  Look look;
  probe::Prober prober(target.probe);
  {
    const SignalWatch watch([&] { prober.interrupt(); },
                            show_progress ? std::function<void(milliseconds)>(progress) : nullptr);
    look.observations = prober.observe(target.domain, target.selectors);
    look.interrupted = watch.interrupted();
  }
  if (progress_shown) fmt::print(stderr, "\r\x1b[K");
  return look;
}

}  // namespace dkimprobe::cli
