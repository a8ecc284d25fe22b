// Reads files that the operator names. Only regular files are read, and opening never blocks: a pipe or a
// device in the place of a file would stop the program.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "config/basics/result.hpp"

namespace dkimprobe::config {

/// An open descriptor, closed at the end of its scope; -1 for none.
struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number(std::exchange(other.number, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  int number;
};

/// Reads the whole file. It is an error if it has more than `most_bytes`. Errors call it a "`kind` file" and
/// what it holds `content`; their place is the path.
[[nodiscard]] Result<std::string> read_regular_file(const std::filesystem::path& path, std::size_t most_bytes,
                                                    std::string_view kind, std::string_view content);

}  // namespace dkimprobe::config
