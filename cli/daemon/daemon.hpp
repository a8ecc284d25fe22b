// The daemon put together from the parts in cli/daemon/: rounds on the thread that asks, verdicts into the
// state, looks into the history, and pages made ready when something has changed. It reads no command line
// and no settings file; it is told what to watch, and gives the routes that show it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/daemon/watch_list.hpp"
#include "config/basics/result.hpp"
#include "exporters/http/http_server.hpp"
#include "exporters/store/history_store.hpp"

namespace dkimprobe::cli {

struct DaemonSettings {
  std::chrono::milliseconds timeout_offset{500};  ///< what the time of a scraper is shortened by
  std::string path_prefix{};                      ///< before each path in links, without a slash at its end
};

class Daemon {
 public:
  /// It watches `list` from the start.
  Daemon(WatchList list, std::optional<exporters::HistoryStore> history, DaemonSettings settings);
  ~Daemon();  ///< stops it
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// From now on this is watched, and servers are asked so; what stays keeps its state. From any thread.
  void watch(WatchList list);
  /// The settings could not be read again: those in use stay.
  void keep_settings(const config::Errors& errors);

  /// What the web server serves, with the prefix before each path and without. `reload` reads the settings
  /// again; with mistakes the old ones stay. The routes must not be called after the daemon has ended.
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
