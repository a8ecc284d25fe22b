// Re-renders pages after a change, on its own thread and at a limited rate: many changes cause one update. It
// does not know the pages.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace dkimprobe::cli {

class Publisher {
 public:
  /// `publish` is called after changes, and every few seconds without any.
  explicit Publisher(std::function<void()> publish);
  ~Publisher();  ///< stops it
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Something has changed. From any thread.
  void changed();
  void stop();

 private:
  void work();

  std::function<void()> publish_;
  std::mutex mutex_{};
  std::condition_variable woken_{};
  bool stopping_ = false;
  bool changed_ = false;
  std::thread thread_{};
};

}  // namespace dkimprobe::cli
