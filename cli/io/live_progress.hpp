// The progress of a key, on standard error while the program probes and waits: lines that are overwritten on
// a terminal, and one line for each change elsewhere.
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

  /// Without a terminal it prints only if it `prints_changes`.
  LiveProgress(bool is_terminal, bool prints_changes, exporters::TableStyle style, Write write);

  /// Shows a verdict, and the time of the next probe if there is one.
  void show(const checks::Preflight& preflight, std::optional<probe::WallTime> next_probe);
  /// Updates the waiting time in the first line on a terminal. From any thread.
  void tick(probe::WallTime now);
  /// A probe begins.
  void probe_begins(probe::WallTime now);
  /// Erases the progress lines before the output.
  void clear();

 private:
  void draw(const std::string& first_line);
  void print_changes(const checks::Preflight& preflight);

  const bool is_terminal_;
  const bool prints_changes_;
  const exporters::TableStyle style_;
  const Write write_;
  std::mutex mutex_{};
  std::string headline_{};
  std::vector<std::string> servers_{};
  std::optional<probe::WallTime> next_probe_{};
  std::optional<probe::WallTime> probe_began_{};
  std::size_t lines_drawn_ = 0;
  std::string drawn_{};
  std::map<std::string, std::string> printed_{};  ///< the last line printed for each server and name
};

}  // namespace dkimprobe::cli
