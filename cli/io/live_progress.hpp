// How far a key has come, on standard error while the program looks and waits: lines that are written over on
// a terminal, and elsewhere one line for each change.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/rotation/preflight.hpp"
#include "exporters/terminal/report_table.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::cli {

class LiveProgress {
 public:
  using Write = std::function<void(std::string_view)>;

  /// Off the terminal it says something only when it `tells_changes`.
  LiveProgress(bool is_terminal, bool tells_changes, exporters::TableStyle style, Write write);

  /// A verdict, and when the next look comes; without one nothing more will.
  void show(const checks::Preflight& preflight, std::optional<probe::WallTime> next_probe);
  /// From any thread: the time has gone on. On a terminal the first line says what is waited for.
  void tick(probe::WallTime now);
  /// A look begins.
  void probe_begins(probe::WallTime now);
  /// Takes away what would stand in the way of the output.
  void clear();

 private:
  void draw(const std::string& first_line);
  void tell_changes(const checks::Preflight& preflight);

  const bool is_terminal_;
  const bool tells_changes_;
  const exporters::TableStyle style_;
  const Write write_;
  std::mutex mutex_{};
  std::string headline_{};
  std::vector<std::string> servers_{};
  std::optional<probe::WallTime> next_probe_{};
  std::optional<probe::WallTime> probe_began_{};
  std::size_t lines_drawn_ = 0;
  std::string drawn_{};
  std::map<std::string, std::string> told_{};  ///< by server and name: its line
};

}  // namespace dkimprobe::cli
