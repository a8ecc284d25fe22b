// Reads lines of a file or of standard input, in constant memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/basics/result.hpp"
#include "config/records/record_item.hpp"

namespace dkimprobe::config {

struct InputLine {
  std::size_t number = 0;   ///< from 1
  std::string_view text{};  ///< without its LF or CRLF; valid until the next line is read
  bool too_long = false;    ///< `text` is then only its beginning
  bool is_lost = false;     ///< no format can hold it: `text` is empty
};

class LineReader {
 public:
  /// `-` is standard input.
  [[nodiscard]] static Result<LineReader> open(const std::filesystem::path& file, std::size_t longest);
  /// Reads a text instead; `file` names it in places.
  [[nodiscard]] static LineReader of_text(std::string text, const std::filesystem::path& file,
                                          std::size_t longest);
  LineReader(LineReader&& other) noexcept;
  LineReader& operator=(LineReader&&) = delete;
  ~LineReader();

  /// Empty at the end of the input. Errors are read errors.
  [[nodiscard]] Result<std::optional<InputLine>> next();
  /// The beginning of the input with its first line that is not blank, as far as it fits into the buffer;
  /// only before anything else is read.
  [[nodiscard]] Result<std::string_view> peek();
  /// What has not been read yet, up to `most_bytes` and one more of a longer input, so that the caller
  /// notices.
  [[nodiscard]] Result<std::string> rest(std::size_t most_bytes);
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

 private:
  LineReader(int descriptor, bool owns, std::filesystem::path file, std::size_t longest);
  /// Reads more behind what the buffer holds. False at the end of the input.
  [[nodiscard]] Result<bool> read_more();
  /// Reads more once the buffer is used up. False at the end of the input.
  [[nodiscard]] Result<bool> fill();

  int descriptor_ = -1;
  bool owns_ = false;
  std::filesystem::path file_{};
  std::size_t longest_ = 0;
  std::size_t number_ = 0;
  std::string buffer_{};
  std::size_t begin_ = 0;  ///< of the unread part of the buffer
  std::size_t end_ = 0;
  std::string line_{};
};

/// Reads a line; false ends the reading.
using LineParser = std::function<bool(const InputLine&)>;

/// Gives each line that is not blank to `parse`. Lines that no format can hold are faults, and lost. False if
/// the reading was ended before the end of the input.
[[nodiscard]] Result<bool> read_lines(LineReader& reader, const FileSink& sink, const LineParser& parse);

}  // namespace dkimprobe::config
