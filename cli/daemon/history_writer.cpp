#include "cli/daemon/history_writer.hpp"

#include <chrono>
#include <cstddef>
#include <utility>

#include "cli/io/log.hpp"
#include "cli/io/wall_clock.hpp"
#include "probe/collection/evidence_memory.hpp"

namespace dkimprobe::cli {
namespace {

/// The octets of the probes that may wait to be stored. Beyond that the oldest are dropped; later probes make
/// up for them.
constexpr std::size_t most_waiting = 64U << 20U;
/// Probes within this time share a transaction.
constexpr std::chrono::milliseconds gather_time{1'000};

}  // namespace

HistoryWriter::HistoryWriter(std::optional<exporters::HistoryStore> store, std::function<void()> on_written)
    : store_(std::move(store)), on_written_(std::move(on_written)) {
  if (!store_) return;
  facts_.stored = true;
  thread_ = std::thread([this] { write(); });
}

HistoryWriter::~HistoryWriter() {
  stop();
}

std::optional<checks::SelectorHistory> HistoryWriter::load(const checks::TargetKey& key) {
  const std::lock_guard lock(store_mutex_);
  if (!store_) return std::nullopt;
  auto loaded = store_->load(key.domain, key.selector);
  if (!loaded) {
    log_line(LogLevel::error, "the history cannot be read", {{"error", loaded.error().front().message}});
    return std::nullopt;
  }
  return std::move(*loaded);
}

bool HistoryWriter::add(const std::vector<probe::Observation>& probes, bool at_once) {
  {
    const std::lock_guard lock(mutex_);
    if (!facts_.stored || stopping_) return false;
    at_once_ = at_once_ || at_once;
    for (const auto& probe : probes) {
      waiting_.push_back(probe);
      waiting_octets_ += probe::memory_of(probe);
    }
    for (; waiting_octets_ > most_waiting && waiting_.size() > 1; ++facts_.dropped) {
      waiting_octets_ -= probe::memory_of(waiting_.front());
      waiting_.pop_front();
    }
  }
  woken_.notify_all();
  return true;
}

HistoryWriter::Facts HistoryWriter::facts() const {
  const std::lock_guard lock(mutex_);
  return facts_;
}

void HistoryWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void HistoryWriter::write() {
  std::unique_lock lock(mutex_);
  while (true) {
    woken_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::vector<probe::Observation> probes(std::make_move_iterator(waiting_.begin()),
                                                 std::make_move_iterator(waiting_.end()));
    waiting_.clear();
    waiting_octets_ = 0;
    at_once_ = false;
    lock.unlock();
    config::Result<void> stored;
    {
      const std::lock_guard store_lock(store_mutex_);
      stored = store_->record(probes, wall_time());
    }
    if (!stored && *facts_.stored) {
      log_line(LogLevel::error, "the history cannot be written; probing continues",
               {{"error", stored.error().front().message}});
    } else if (stored && !*facts_.stored) {
      log_line(LogLevel::info, "the history is written again");
    }
    on_written_();
    lock.lock();
    if (!stored) ++facts_.failures;
    facts_.stored = stored.has_value();
    if (!stopping_) woken_.wait_for(lock, gather_time, [&] { return stopping_ || at_once_; });
  }
}

}  // namespace dkimprobe::cli
