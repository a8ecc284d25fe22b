// A thread that runs calls one after another, so that long ones do not hold up the event loop.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace dkimprobe::probe {

class Worker {
 public:
  /// `name` is shown by tools such as top; at most 15 characters.
  explicit Worker(const char* name);
  ~Worker();  ///< stops it
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Queues a call; does nothing after `stop`. From any thread.
  void post(std::function<void()> call);
  /// Drops the queued calls and waits for the end of the current one. Not from inside a call.
  void stop();

 private:
  void work();

  std::mutex mutex_{};
  std::condition_variable woken_{};
  std::deque<std::function<void()>> calls_{};
  bool stopping_ = false;
  std::thread thread_{};
};

}  // namespace dkimprobe::probe
