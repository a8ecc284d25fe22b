// Lines of a file or of standard input, one after the other in constant memory.
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
  std::string_view text{};  ///< without its end, LF or CRLF; valid until the next one is read
  bool too_long = false;    ///< then the text is its beginning alone
};

class LineReader {
 public:
  /// `-` is standard input.
  [[nodiscard]] static config::Result<LineReader> open(const std::filesystem::path& file,
                                                       std::size_t longest);
  LineReader(LineReader&& other) noexcept;
  LineReader& operator=(LineReader&&) = delete;
  ~LineReader();

  /// Nothing at the end. The mistake is one of reading.
  [[nodiscard]] config::Result<std::optional<InputLine>> next();

 private:
  LineReader(int descriptor, bool owns, std::string name, std::size_t longest);

  int descriptor_ = -1;
  bool owns_ = false;
  std::string name_{};
  std::size_t longest_ = 0;
  std::size_t number_ = 0;
  std::string buffer_{};
  std::size_t begin_ = 0;  ///< of what is not given out yet, in the buffer
  std::size_t end_ = 0;
  std::string line_{};
};

}  // namespace dkimprobe::cli
