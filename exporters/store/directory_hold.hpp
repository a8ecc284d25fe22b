// A lock on a directory: it needs no file, because the disk may be full, and it ends with the process.
#pragma once

#include <filesystem>

namespace dkimprobe::exporters {

class DirectoryHold {
 public:
  DirectoryHold() = default;
  DirectoryHold(const DirectoryHold&) = delete;
  DirectoryHold& operator=(const DirectoryHold&) = delete;
  ~DirectoryHold();

  /// False if another process has it. If the file system cannot lock directories, nobody is excluded.
  [[nodiscard]] bool take(const std::filesystem::path& directory);

 private:
  int descriptor_ = -1;
};

}  // namespace dkimprobe::exporters
