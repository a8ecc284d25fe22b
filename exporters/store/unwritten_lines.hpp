// Lines that could not be written, until they can: the disk may be full for a while. It does no I/O.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "exporters/store/history_lines.hpp"

namespace dkimprobe::exporters {

class UnwrittenLines {
 public:
  struct Entry {
    std::optional<probe::WallTime> continues{};  ///< the last probe of the stored lines that these extend
    Lines lines{};
  };
  using Row = std::pair<config::DomainName, config::Selector>;

  /// Null if nothing of the row waits to be written.
  [[nodiscard]] const Lines* find(const config::DomainName& domain, const config::Selector& selector) const {
    const auto found = entries_.find({domain, selector});
    return found == entries_.end() ? nullptr : &found->second.lines;
  }
  /// `before` are the lines that `after` extends: the stored ones, or those of an earlier `put`.
  void put(const Row& row, const Lines& before, Lines after) {
    entries_.try_emplace(row, Entry{before.last_probe, {}}).first->second.lines = std::move(after);
  }
  [[nodiscard]] const std::map<Row, Entry>& entries() const { return entries_; }
  void clear() { entries_.clear(); }

 private:
  std::map<Row, Entry> entries_{};
};

}  // namespace dkimprobe::exporters
