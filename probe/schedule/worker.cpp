#include "probe/schedule/worker.hpp"

#include <pthread.h>

#include <utility>

namespace dkimprobe::probe {

Worker::Worker(const char* name) : thread_([this] { work(); }) {
  pthread_setname_np(thread_.native_handle(), name);
}

Worker::~Worker() {
  stop();
}

void Worker::post(std::function<void()> call) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    calls_.push_back(std::move(call));
  }
  woken_.notify_one();
}

void Worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Worker::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    woken_.wait(lock, [&] { return stopping_ || !calls_.empty(); });
    if (stopping_) return;
    std::function<void()> call = std::move(calls_.front());
    calls_.pop_front();
    lock.unlock();
    call();
    call = nullptr;  // what it holds is freed without the lock
    lock.lock();
  }
}

}  // namespace dkimprobe::probe
