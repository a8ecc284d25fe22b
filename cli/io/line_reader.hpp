// Reads lines of a file or of standard input, in constant memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "config/basics/result.hpp"

namespace dkimprobe::cli {

struct InputLine {
  std::size_t number = 0;   ///< from 1
  std::string_view text{};  ///< without its LF or CRLF; valid until the next line is read
  bool too_long = false;    ///< `text` is then only its beginning
};

class LineReader {
 public:
  /// `-` is standard input.
  [[nodiscard]] static config::Result<LineReader> open(const std::filesystem::path& file,
                                                       std::size_t longest);
  LineReader(LineReader&& other) noexcept;
  LineReader& operator=(LineReader&&) = delete;
  ~LineReader();

  /// Empty at the end of the input. Errors are read errors.
  [[nodiscard]] config::Result<std::optional<InputLine>> next();

 private:
  LineReader(int descriptor, bool owns, std::string name, std::size_t longest);
  /// Reads more once the buffer is used up. False at the end of the input.
  [[nodiscard]] config::Result<bool> fill();

  int descriptor_ = -1;
  bool owns_ = false;
  std::string name_{};
  std::size_t longest_ = 0;
  std::size_t number_ = 0;
  std::string buffer_{};
  std::size_t begin_ = 0;  ///< of the unread part of the buffer
  std::size_t end_ = 0;
  std::string line_{};
};

}  // namespace dkimprobe::cli
