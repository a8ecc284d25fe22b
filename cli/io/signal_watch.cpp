#include "cli/io/signal_watch.hpp"

#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <utility>

namespace dkimprobe::cli {

SignalWatch::SignalWatch(std::function<void()> on_interrupt,
                         std::function<void(std::chrono::milliseconds)> on_tick, ExitCode insisted)
    : on_interrupt_(std::move(on_interrupt)), on_tick_(std::move(on_tick)), insisted_(insisted) {
  sigemptyset(&watched_);
  sigaddset(&watched_, SIGINT);
  sigaddset(&watched_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &watched_, &before_);
  thread_ = std::thread([this] { watch(); });
}

SignalWatch::~SignalWatch() {
  done_ = true;
  // Wakes the thread, which takes the signal with sigtimedwait and checks `done_` first.
  // NOLINTNEXTLINE(bugprone-bad-signal-to-kill-thread): it is blocked, so it terminates nothing
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void SignalWatch::watch() {
  constexpr timespec tick{0, 100'000'000};
  const auto start = std::chrono::steady_clock::now();
  while (!done_) {
    const int signal = sigtimedwait(&watched_, nullptr, &tick);
    if (done_) return;
    if (signal > 0) {
      if (interrupted_.exchange(true)) _exit(static_cast<int>(insisted_));
      on_interrupt_();
    } else if (errno == EAGAIN && on_tick_) {
      on_tick_(
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start));
    }
  }
}

}  // namespace dkimprobe::cli
