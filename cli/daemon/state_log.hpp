// What `serve` logs about domains: each confirmed change of a selector's state and of a rotation, not each
// probe. It compares two snapshots, and limits the lines. It reads no clock and writes nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "checks/fleet/fleet.hpp"
#include "cli/io/log.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::cli {

struct LogLine {
  LogLevel level = LogLevel::info;
  std::string_view message{};
  LogFields fields{};
};

/// The state of a selector is its status, its worst finding and the servers with it. The first state is a
/// change too, unless it is ok. The end of a fault and changes during maintenance are `info`.
[[nodiscard]] std::vector<LogLine> state_changes(const checks::Fleet& before, const checks::Fleet& after,
                                                 probe::WallTime now);

class StateLog {
 public:
  /// Lines a minute. If the network of this machine fails, every target changes at once.
  static constexpr std::size_t most_lines = 200;

  /// The lines for the changes since the last call. The next minute begins with how many were left out.
  [[nodiscard]] std::vector<LogLine> lines(std::shared_ptr<const checks::Fleet> fleet, probe::WallTime now);

 private:
  std::shared_ptr<const checks::Fleet> last_ = std::make_shared<const checks::Fleet>();
  probe::WallTime minute_{};  ///< when the current minute began
  std::size_t logged_ = 0;    ///< in it
  std::size_t left_out_ = 0;
};

}  // namespace dkimprobe::cli
