#include "cli/daemon/page_cache.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <utility>

namespace dkimprobe::cli {
namespace {

/// The shortest time between two updates of the pages.
constexpr std::chrono::milliseconds shortest_gap{1'000};
/// Metrics of the program itself change without any probe, so pages are updated at least this often.
constexpr std::chrono::milliseconds longest_gap{5'000};
constexpr int niceness = 10;

}  // namespace

Publisher::Publisher(std::function<void()> publish)
    : publish_(std::move(publish)), thread_([this] { work(); }) {}

Publisher::~Publisher() {
  stop();
}

void Publisher::changed() {
  {
    const std::lock_guard lock(mutex_);
    changed_ = true;
  }
  woken_.notify_all();
}

void Publisher::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Publisher::work() {
  // Lowers the priority of this thread only, so that on one processor answers do not wait for rendering.
  static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), niceness));
  std::unique_lock lock(mutex_);
  while (true) {
    woken_.wait_for(lock, longest_gap, [&] { return stopping_ || changed_; });
    if (stopping_) return;
    changed_ = false;
    lock.unlock();
    publish_();
    lock.lock();
    woken_.wait_for(lock, shortest_gap, [&] { return stopping_; });
    if (stopping_) return;
  }
}

}  // namespace dkimprobe::cli
