#include "config/records/line_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "config/basics/text_encoding.hpp"
#include "config/records/input.hpp"

namespace dkimprobe::config {
namespace {

constexpr std::size_t buffer_bytes = 64U << 10U;
constexpr std::size_t endless_line = 256U << 20U;  // octets of what is no text, such as a device

tl::unexpected<Errors> unreadable(const std::filesystem::path& file) {
  return failure(shown_name(file),
                 fmt::format("it cannot be read: {}", std::generic_category().message(errno)));
}

}  // namespace

Result<LineReader> LineReader::open(const std::filesystem::path& file, std::size_t longest) {
  if (file == "-") return LineReader(STDIN_FILENO, false, file, longest);
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return unreadable(file);
  return LineReader(descriptor, true, file, longest);
}

LineReader LineReader::of_text(std::string text, const std::filesystem::path& file, std::size_t longest) {
  LineReader reader(-1, false, file, longest);
  reader.end_ = text.size();
  reader.buffer_ = std::move(text);
  return reader;
}

LineReader::LineReader(int descriptor, bool owns, std::filesystem::path file, std::size_t longest)
    : descriptor_(descriptor),
      owns_(owns),
      file_(std::move(file)),
      longest_(longest),
      buffer_(buffer_bytes, '\0') {}

LineReader::LineReader(LineReader&& other) noexcept
    : descriptor_(other.descriptor_),
      owns_(std::exchange(other.owns_, false)),
      file_(std::move(other.file_)),
      longest_(other.longest_),
      number_(other.number_),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      end_(other.end_),
      line_(std::move(other.line_)) {}

LineReader::~LineReader() {
  if (owns_) ::close(descriptor_);
}

Result<bool> LineReader::read_more() {
  if (descriptor_ < 0) return false;
  ssize_t got = 0;
  do {
    got = ::read(descriptor_, buffer_.data() + end_, buffer_.size() - end_);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return unreadable(file_);
  end_ += static_cast<std::size_t>(got);
  return got > 0;
}

Result<bool> LineReader::fill() {
  if (begin_ < end_) return true;
  begin_ = end_ = 0;
  return read_more();
}

Result<std::string_view> LineReader::peek() {
  while (end_ < buffer_.size()) {
    const std::string_view text = std::string_view(buffer_).substr(0, end_);
    const std::size_t word = text.find_first_not_of(" \t\r\n");
    if (word != std::string_view::npos && text.find('\n', word) != std::string_view::npos) break;
    const auto more = read_more();
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
  }
  return std::string_view(buffer_).substr(0, end_);
}

Result<std::string> LineReader::rest(std::size_t most_bytes) {
  std::string text;
  while (text.size() <= most_bytes) {
    const auto filled = fill();
    if (!filled) return tl::unexpected(filled.error());
    if (!*filled) break;
    const std::size_t taken = std::min(end_ - begin_, most_bytes + 1 - text.size());
    text.append(buffer_, begin_, taken);
    begin_ += taken;
  }
  return text;
}

Result<std::optional<InputLine>> LineReader::next() {
  line_.clear();
  InputLine line;
  bool is_whole = false;
  for (std::size_t octets = 0; !is_whole;) {
    const auto filled = fill();
    if (!filled) return tl::unexpected(filled.error());
    if (!*filled && octets == 0) return std::nullopt;
    if (!*filled) break;  // the last line, without a line feed
    const std::string_view fresh = std::string_view(buffer_).substr(begin_, end_ - begin_);
    const std::string_view part = fresh.substr(0, fresh.find('\n'));
    const std::size_t room = longest_ - line_.size();
    line_ += part.substr(0, room);
    line.too_long = line.too_long || part.size() > room;
    is_whole = part.size() < fresh.size();
    begin_ += part.size() + (is_whole ? 1 : 0);
    octets += part.size();
    if (octets > endless_line) {
      return failure(shown_name(file_),
                     fmt::format("line {} does not end within {} MiB", number_ + 1, endless_line >> 20U));
    }
  }
  line.number = ++number_;
  line.text = line_;
  if (!line.too_long && line.text.ends_with('\r')) line.text.remove_suffix(1);
  return line;
}

Result<bool> read_lines(LineReader& reader, const FileSink& sink, const LineParser& parse) {
  while (true) {
    auto next = reader.next();
    if (!next) return tl::unexpected(next.error());
    if (!*next) return true;
    InputLine& line = **next;
    if (line.number == 1) line.text = without_utf8_mark(line.text);
    if (line.text.find_first_not_of(" \t") == std::string_view::npos) continue;
    const auto fault = [&](FileFaultKind kind, std::string detail) {
      return sink(FileFault{{reader.file(), line.number}, kind, std::move(detail)});
    };
    bool goes_on = true;
    line.is_lost = line.too_long || begins_as_utf16(line.text);
    if (begins_as_utf16(line.text)) {
      goes_on = fault(FileFaultKind::encoding, "this is UTF-16 text; save the file as UTF-8 or ASCII");
    } else if (line.too_long) {
      goes_on =
          fault(FileFaultKind::line_too_long,
                fmt::format("the line has more than {} octets; no record is so long", longest_record_line));
    }
    if (line.is_lost) line.text = {};
    if (!goes_on || !parse(line)) return false;
  }
}

}  // namespace dkimprobe::config
