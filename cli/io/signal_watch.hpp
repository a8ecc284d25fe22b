// A thread that handles Ctrl-C and ticks while the program works. Only for a process without other threads,
// which could receive the signal instead.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include <signal.h>

#include "cli/io/exit_code.hpp"

namespace dkimprobe::cli {

class SignalWatch {
 public:
  /// The first SIGINT or SIGTERM calls `on_interrupt` on another thread; the second ends the process at once
  /// with the exit code `insisted`. `on_tick`, if set, is called about ten times a second with the elapsed
  /// time.
  SignalWatch(std::function<void()> on_interrupt, std::function<void(std::chrono::milliseconds)> on_tick,
              ExitCode insisted = ExitCode::interrupted);
  /// Ends the thread and restores the signals.
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  [[nodiscard]] bool interrupted() const { return interrupted_; }

 private:
  void watch();

  std::function<void()> on_interrupt_;
  std::function<void(std::chrono::milliseconds)> on_tick_;
  ExitCode insisted_;
  sigset_t watched_{};
  sigset_t before_{};
  std::atomic<bool> done_{false};
  std::atomic<bool> interrupted_{false};
  std::thread thread_{};
};

}  // namespace dkimprobe::cli
