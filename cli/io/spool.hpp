// Text that is written before what must precede it is known. It waits in a temporary file without a name, so
// that any length needs no memory.
#pragma once

#include <cstdio>
#include <memory>
#include <string_view>

namespace dkimprobe::cli {

class Spool {
 public:
  Spool();

  /// Throws std::system_error if the text cannot be stored, as for a full disk.
  void add(std::string_view text);
  /// Writes all of it to standard output; false when its reader is gone.
  [[nodiscard]] bool copy_to_output();

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

}  // namespace dkimprobe::cli
