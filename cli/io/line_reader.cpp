#include "cli/io/line_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
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

config::Result<std::optional<InputLine>> LineReader::next() {
  line_.clear();
  InputLine line;
  bool begun = false;
  for (;;) {
    if (begin_ == end_) {
      const auto got = ::read(descriptor_, buffer_.data(), buffer_.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return unreadable(name_);
      begin_ = 0;
      end_ = static_cast<std::size_t>(got);
      if (got == 0) {
        if (!begun) return std::nullopt;
        break;
      }
    }
    begun = true;
    const std::string_view fresh = std::string_view(buffer_).substr(begin_, end_ - begin_);
    const std::size_t feed = fresh.find('\n');
    const std::string_view part = fresh.substr(0, feed);
    const std::size_t room = longest_ - std::min(longest_, line_.size());
    line_ += part.substr(0, room);
    line.too_long = line.too_long || part.size() > room;
    begin_ += part.size() + (feed == std::string_view::npos ? 0 : 1);
    if (feed != std::string_view::npos) break;
  }
  line.number = ++number_;
  line.text = line_;
  if (!line.too_long && line.text.ends_with('\r')) line.text.remove_suffix(1);
  return line;
}

}  // namespace dkimprobe::cli
