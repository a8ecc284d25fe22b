#include "cli/commands/commands.hpp"

#include <malloc.h>
#include <signal.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/daemon/daemon.hpp"
#include "cli/daemon/target_watch.hpp"
#include "cli/daemon/watch_list.hpp"
#include "cli/io/log.hpp"
#include "cli/io/output.hpp"
#include "cli/plan/check_plan.hpp"
#include "cli/plan/settings_input.hpp"
#include "config/target_files.hpp"
#include "exporters/http/http_server.hpp"
#include "exporters/http/live_web_config.hpp"
#include "exporters/store/history_store.hpp"

namespace dkimprobe::cli {
namespace {

using std::chrono::steady_clock;

struct ReadTargets {
  LoadedSettings loaded{};
  CheckPlan plan{};
};

config::Result<ReadTargets> read_targets(const ServeCommand& command) {
  auto loaded = load_settings(command.ask, [](const config::Error& warning) {
    log_line(LogLevel::warning, "settings", {{"where", warning.where}, {"warning", warning.message}});
  });
  if (!loaded) return tl::unexpected(std::move(loaded.error()));
  auto plan = plan_check(TargetChoice{}, command.ask, loaded->settings);
  if (!plan) return tl::unexpected(std::move(plan.error()));
  return ReadTargets{std::move(*loaded), std::move(*plan)};
}

/// Reloads the settings on request, and when target files have changed; logs their errors. It has a thread of
/// its own, because the files may be large.
class Reloader {
 public:
  Reloader(const ServeCommand& command, Daemon& daemon, LoadedSettings loaded)
      : command_(command),
        daemon_(daemon),
        patterns_(std::move(loaded.settings.target_files)),
        watch_(std::move(loaded.target_files)),
        thread_([this](const std::stop_token& stopped) { work(stopped); }) {}

  /// Returns when it is done. From any thread.
  config::Result<void> reload();
  /// Reloads soon, at the next check of the target files at the latest.
  void request() {
    requested_ = true;
    woken_.notify_all();
  }

 private:
  void work(const std::stop_token& stopped);
  void reload_if_changed();
  config::Result<void> reload_locked();

  const ServeCommand& command_;
  Daemon& daemon_;
  std::mutex mutex_{};
  std::condition_variable_any woken_{};
  std::atomic<bool> requested_{false};
  std::vector<std::string> patterns_;
  TargetWatch watch_;
  std::jthread thread_;
};

config::Result<void> Reloader::reload() {
  const std::lock_guard lock(mutex_);
  return reload_locked();
}

void Reloader::work(const std::stop_token& stopped) {
  std::unique_lock lock(mutex_);
  while (!stopped.stop_requested()) {
    woken_.wait_for(lock, stopped, TargetWatch::check_interval, [&] { return requested_.load(); });
    if (stopped.stop_requested()) return;
    if (requested_.exchange(false)) {
      std::ignore = reload_locked();
    } else {
      reload_if_changed();
    }
  }
}

void Reloader::reload_if_changed() {
  const auto step = watch_.check(config::stamp_target_files(patterns_), steady_clock::now());
  if (step.shorter) {
    log_line(
        LogLevel::warning,
        fmt::format(
            "a target file was rewritten in place and is shorter: it is read when it has not changed for {} "
            "seconds; write a new file and rename it, which takes effect within seconds",
            TargetWatch::shorter_wait.count()),
        {{"file", step.shorter->string()}});
  }
  if (step.read) std::ignore = reload_locked();
}

config::Result<void> Reloader::reload_locked() {
  // systemd identifies the reload by this time (Type=notify-reload).
  const auto now =
      std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now().time_since_epoch());
  sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.count()).c_str());
  auto read = read_targets(command_);
  sd_notify(0, "READY=1");
  if (!read) {
    for (const auto& [where, message] : read.error())
      log_line(LogLevel::error, "reload failed, the old settings stay in use",
               {{"where", where}, {"error", message}});
    daemon_.keep_settings(read.error());
    watch_.set_read(config::stamp_target_files(patterns_));  // report the error once, until they change again
    return tl::unexpected(std::move(read.error()));
  }
  watch_.set_read(std::move(read->loaded.target_files));
  patterns_ = read->loaded.settings.target_files;
  daemon_.watch(watch_list(read->plan, read->loaded.settings, command_.ask.call));
  log_line(LogLevel::info, "settings loaded", {{"domains", fmt::format("{}", read->plan.targets.size())}});
  return {};
}

/// Blocks the signals before any other thread starts, so that all threads inherit the mask and only this one
/// receives them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

/// `read` has the warnings of a configuration that is used, or the errors of one that is not.
void log_web_config(const config::Result<config::Errors>& read) {
  if (read) {
    for (const auto& [where, message] : *read)
      log_line(LogLevel::warning, "web configuration", {{"where", where}, {"warning", message}});
    return;
  }
  for (const auto& [where, message] : read.error())
    log_line(LogLevel::error, "the previous web configuration stays in use",
             {{"where", where}, {"error", message}});
}

void log_access(const exporters::Access& access) {
  log_line(LogLevel::debug, "request",
           {{"remote", access.remote},
            {"user", access.user},
            {"method", access.method},
            {"target", access.target},
            {"status", fmt::format("{}", access.status)},
            {"bytes", fmt::format("{}", access.body_bytes)},
            {"seconds", fmt::format("{:.6f}", std::chrono::duration<double>(access.duration).count())}});
}

void work_until_ended(const sigset_t& signals, const Daemon& daemon, Reloader& reloader) {
  while (true) {
    const timespec second{1, 0};
    const int signal = sigtimedwait(&signals, nullptr, &second);
    if (signal == SIGTERM || signal == SIGINT) return;
    if (signal == SIGHUP) reloader.request();
    if (daemon.is_alive()) sd_notify(0, "WATCHDOG=1");
  }
}

/// Reads what the daemon reads at its start. All errors are reported at once.
CommandResult check_settings(const ServeCommand& command) {
  config::Errors errors;
  auto loaded = load_settings(command.ask);
  if (!loaded) {
    errors = std::move(loaded.error());
  } else if (auto plan = plan_check(TargetChoice{}, command.ask, loaded->settings); !plan) {
    errors = std::move(plan.error());
  }
  exporters::WebSettings web;
  web.config_file = command.web_config;
  web.on_config = [](const config::Result<config::Errors>& read) {
    if (read) print_warnings(*read);
  };
  exporters::WebRulesFile rules;
  if (auto opened = rules.open(web); !opened) std::ranges::move(opened.error(), std::back_inserter(errors));
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  write_output(settings_summary(*command.ask.settings_file, loaded->settings));
  return ExitCode::ok;
}

CommandResult serve(const ServeCommand& command) {
  // With one arena per thread of the web server, a third more memory stays allocated.
  mallopt(M_ARENA_MAX, 2);
  auto read = read_targets(command);
  if (!read) return tl::unexpected(std::move(read.error()));
  std::optional<exporters::HistoryStore> history;
  if (command.ask.storage) {
    auto opened = exporters::HistoryStore::open(*command.ask.storage, exporters::HistoryAccess::hold);
    if (!opened) return tl::unexpected(std::move(opened.error()));
    history = std::move(*opened);
  }

  const sigset_t signals = block_signals();
  Daemon daemon(watch_list(read->plan, read->loaded.settings, command.ask.call), std::move(history),
                {command.timeout_offset, command.path_prefix});
  Reloader reloader(command, daemon, std::move(read->loaded));

  exporters::WebSettings web;
  web.listen = command.listen;
  web.systemd_sockets = command.systemd_sockets;
  web.config_file = command.web_config;
  web.routes = daemon.routes([&] { return reloader.reload(); });
  web.on_config = log_web_config;
  web.on_access = log_access;
  web.on_not_accepted = [&](const std::string& reason) { daemon.client_not_accepted(reason); };
  auto service = exporters::WebService::start(std::move(web));
  if (!service) return tl::unexpected(std::move(service.error()));
  for (const auto& [address, port, lacks_ipv6] : (*service)->listening()) {
    log_line(LogLevel::info, "listening", {{"port", fmt::format("{}", port)}, {"address", address}});
    if (lacks_ipv6)
      log_line(LogLevel::warning, "this machine has no IPv6: only IPv4 clients are served",
               {{"address", address}});
  }
  sd_notify(0, "READY=1");

  work_until_ended(signals, daemon, reloader);
  sd_notify(0, "STOPPING=1");
  log_line(LogLevel::info, "ending");
  // Running probes end with what they have so far, so that pending requests still get an answer.
  daemon.stop();
  (*service)->stop();
  return ExitCode::ok;
}

}  // namespace

CommandResult run(const ServeCommand& command) {
  if (command.only_check_settings) return check_settings(command);
  set_log(command.log_format, command.log_level);
  auto result = serve(command);
  flush_log();
  return result;
}

}  // namespace dkimprobe::cli
