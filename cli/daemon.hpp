// The daemon put together: rounds on the thread that asks, verdicts into the fleet, looks into the history,
// and pages made ready when something has changed. It reads no command line and no settings file; it is told
// what to watch, and gives the routes that show it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "cli/check_plan.hpp"
#include "config/result.hpp"
#include "config/settings.hpp"
#include "exporters/history_store.hpp"
#include "exporters/http/web_service.hpp"

namespace dkimprobe::cli {

class Daemon {
 public:
  Daemon(const config::ProbeSettings& probe, std::optional<exporters::HistoryStore> history);
  ~Daemon();  ///< stops it
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// From now on the targets of the plan, which are those of the settings; what stays keeps its state. From
  /// any thread.
  void watch(const CheckPlan& plan, const config::Settings& settings);
  /// The settings could not be read again: those in use stay.
  void keep_settings(const config::Mistakes& mistakes);

  /// What the web server serves. `reload` reads the settings again; with mistakes the old ones stay. The
  /// routes must not be called after the daemon has ended.
  [[nodiscard]] std::vector<exporters::Route> routes(std::function<config::Result<void>()> reload);

  /// Whether the thread that asks has moved within the last seconds: for a watchdog.
  [[nodiscard]] bool is_alive() const;

  /// Asks nobody any more, and stores what was seen. Returns when that is done.
  void stop();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::cli
