// The daemon, composed of the parts in cli/daemon/: it probes on one thread, puts verdicts into the state and
// probes into the history, and renders pages after changes. It reads no command line and no settings file;
// the caller passes what to watch and serves its routes.
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
  std::chrono::milliseconds timeout_offset{500};  ///< subtracted from a scraper's timeout
  std::string path_prefix{};                      ///< put before each path in links, without a trailing slash
};

class Daemon {
 public:
  /// Starts watching `list` at once.
  Daemon(WatchList list, std::optional<exporters::HistoryStore> history, DaemonSettings settings);
  ~Daemon();  ///< stops it
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Replaces the watch list and the probe settings; targets that stay keep their state. From any thread.
  void watch(WatchList list);
  /// Records that a reload failed and the current settings stay in use.
  void keep_settings(const config::Errors& errors);

  /// The routes of the web server, each with and without the prefix. `reload` reads the settings again; if
  /// they have errors, the old ones stay. The routes must not be called after the daemon is destroyed.
  [[nodiscard]] std::vector<exporters::Route> routes(std::function<config::Result<void>()> reload);

  /// Counts a client that the web server could not accept, and logs it at most once a minute. Always from the
  /// same thread.
  void client_not_accepted(const std::string& reason);

  /// Whether the probing thread has made progress within the last seconds, for a watchdog.
  [[nodiscard]] bool is_alive() const;

  /// Stops probing, and returns when all probes are stored.
  void stop();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::cli
