#include "cli/io/line_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "cli/io/input.hpp"

namespace dkimprobe::cli {
namespace {

constexpr std::size_t buffer_bytes = 64U << 10U;

tl::unexpected<config::Errors> unreadable(const std::string& name) {
  return config::failure(name, fmt::format("it cannot be read: {}", std::generic_category().message(errno)));
}

}  // namespace

config::Result<LineReader> LineReader::open(const std::filesystem::path& file, std::size_t longest) {
  if (file == "-") return LineReader(STDIN_FILENO, false, shown_name(file), longest);
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return unreadable(shown_name(file));
  return LineReader(descriptor, true, shown_name(file), longest);
}

LineReader::LineReader(int descriptor, bool owns, std::string name, std::size_t longest)
    : descriptor_(descriptor),
      owns_(owns),
      name_(std::move(name)),
      longest_(longest),
      buffer_(buffer_bytes, '\0') {}

LineReader::LineReader(LineReader&& other) noexcept
    : descriptor_(other.descriptor_),
      owns_(std::exchange(other.owns_, false)),
      name_(std::move(other.name_)),
      longest_(other.longest_),
      number_(other.number_),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      end_(other.end_),
      line_(std::move(other.line_)) {}

LineReader::~LineReader() {
  if (owns_) ::close(descriptor_);
}

config::Result<bool> LineReader::fill() {
  if (begin_ < end_) return true;
  ssize_t got = 0;
  do {
    got = ::read(descriptor_, buffer_.data(), buffer_.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) return unreadable(name_);
  begin_ = 0;
  end_ = static_cast<std::size_t>(got);
  return got > 0;
}

config::Result<std::optional<InputLine>> LineReader::next() {
  line_.clear();
  InputLine line;
  bool is_whole = false;
  for (bool begun = false; !is_whole; begun = true) {
    const auto filled = fill();
    if (!filled) return tl::unexpected(filled.error());
    if (!*filled && !begun) return std::nullopt;
    if (!*filled) break;  // the last line, without a line feed
    const std::string_view fresh = std::string_view(buffer_).substr(begin_, end_ - begin_);
    const std::string_view part = fresh.substr(0, fresh.find('\n'));
    const std::size_t room = longest_ - line_.size();
    line_ += part.substr(0, room);
    line.too_long = line.too_long || part.size() > room;
    is_whole = part.size() < fresh.size();
    begin_ += part.size() + (is_whole ? 1 : 0);
  }
  line.number = ++number_;
  line.text = line_;
  if (!line.too_long && line.text.ends_with('\r')) line.text.remove_suffix(1);
  return line;
}

}  // namespace dkimprobe::cli
