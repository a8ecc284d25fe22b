// Decides when changed target files are read: not while they are being written. It opens no file and reads no
// clock.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <vector>

#include "config/target_files.hpp"

namespace dkimprobe::cli {

class TargetWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Stamps = std::vector<config::FileStamp>;

  /// Changed files are read once two checks have found them the same.
  static constexpr std::chrono::seconds check_interval{5};
  /// A file that was rewritten in place and is shorter than before may be half written, although it can be
  /// parsed. It must have been the same for this long.
  static constexpr std::chrono::seconds shorter_wait{60};

  /// What to do after a check.
  struct Step {
    bool read = false;
    std::optional<std::filesystem::path> shorter{};  ///< it became shorter and is waited for; given once
  };

  explicit TargetWatch(Stamps read) : read_(std::move(read)) {}

  /// The files were read in this state.
  void set_read(Stamps stamps);
  [[nodiscard]] Step check(Stamps found, Time now);

 private:
  Stamps read_;
  std::optional<Stamps> found_{};  ///< at the last check, if they differed from `read_`
  Time since_{};                   ///< when they were found first
  bool reported_ = false;
};

}  // namespace dkimprobe::cli
