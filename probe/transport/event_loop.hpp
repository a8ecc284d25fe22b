// The event loop of one thread, with real sockets: everything of Boost.Asio that the rest of the program
// needs.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "probe/transport/sockets.hpp"

namespace dkimprobe::probe {

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  [[nodiscard]] Sockets& sockets();

  /// Calls `start` and then runs on this thread until `stop`, even if `start` or a posted call stops it.
  void run(const std::function<void()>& start);
  /// Ends `run`; from inside a call of the loop or `start`.
  void stop();
  /// Queues a call for the thread that runs the loop, now or later. From any thread.
  void post(std::function<void()> call);
  /// Makes a call after `delay`, in place of a delayed call set before. From the loop's own thread.
  void call_after(std::chrono::milliseconds delay, std::function<void()> call);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::probe
