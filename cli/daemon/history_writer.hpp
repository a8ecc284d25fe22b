// Stores probes on its own thread, so that probing never waits for the disk. Without a store it keeps
// nothing.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "checks/fleet/fleet.hpp"
#include "checks/history/history.hpp"
#include "exporters/store/history_store.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::cli {

class HistoryWriter {
 public:
  struct Facts {
    std::optional<bool> stored{};  ///< whether the last write succeeded; empty without a store
    std::uint64_t failures = 0;
    std::uint64_t dropped = 0;  ///< probes dropped from a full queue
  };

  /// `on_written` is called on the thread of this object after each attempt to store probes.
  HistoryWriter(std::optional<exporters::HistoryStore> store, std::function<void()> on_written);
  ~HistoryWriter();  ///< stops it
  HistoryWriter(const HistoryWriter&) = delete;
  HistoryWriter& operator=(const HistoryWriter&) = delete;

  /// Waits for the disk. Empty without a store; also if it cannot be read, which is logged.
  [[nodiscard]] std::optional<checks::SelectorHistory> load(const checks::TargetKey& key);

  /// Returns whether it will store the probes: `at_once`, or gathered with those of the next second.
  bool add(const std::vector<probe::Observation>& probes, bool at_once);
  [[nodiscard]] Facts facts() const;
  /// Returns when everything added before is stored.
  void stop();

 private:
  void write();

  std::mutex store_mutex_{};
  std::optional<exporters::HistoryStore> store_;
  std::function<void()> on_written_;
  mutable std::mutex mutex_{};  ///< of what follows
  std::condition_variable woken_{};
  bool stopping_ = false;
  bool at_once_ = false;  ///< probes wait that must not
  Facts facts_{};
  std::deque<probe::Observation> waiting_{};
  std::size_t waiting_octets_ = 0;
  std::thread thread_{};
};

}  // namespace dkimprobe::cli
