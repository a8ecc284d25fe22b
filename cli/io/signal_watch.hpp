// A thread that waits for Ctrl-C and for the time to pass while the program works. It does neither for a
// process that has other threads already: those would take the signal.
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
  /// From now on SIGINT and SIGTERM call `on_interrupt` once, on another thread; the second one ends the
  /// process at once, with `insisted`. `on_tick`, when there is one, is called about ten times a second with
  /// the time passed.
  SignalWatch(std::function<void()> on_interrupt, std::function<void(std::chrono::milliseconds)> on_tick,
              ExitCode insisted = ExitCode::interrupted);
  /// Ends the thread and lets the signals do what they did before.
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
