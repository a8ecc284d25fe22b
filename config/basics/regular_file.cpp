#include "config/basics/regular_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "config/basics/escape.hpp"

namespace dkimprobe::config {

Descriptor::~Descriptor() {
  if (number >= 0) close(number);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number, other.number);
  return *this;
}

Result<std::string> read_regular_file(const std::filesystem::path& path, std::size_t most_bytes,
                                      std::string_view kind, std::string_view content) {
  const auto wrong = [&](std::string message) {
    return failure(escape_text(path.string()), std::move(message));
  };
  const auto failed = [&] {
    return wrong(fmt::format("the {} cannot be read: {}", content, std::generic_category().message(errno)));
  };
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat status{};
  if (file.number < 0 || fstat(file.number, &status) != 0) return failed();
  if (!S_ISREG(status.st_mode)) {
    return wrong(fmt::format("this is {}; a {} file was expected",
                             S_ISDIR(status.st_mode) ? "a directory" : "not a regular file", kind));
  }
  // One byte more than expected shows that the file ends; it may still grow.
  std::string text;
  std::size_t room = std::min(static_cast<std::size_t>(status.st_size), most_bytes) + 1;
  for (std::size_t size = 0; size <= most_bytes; room *= 2) {
    text.resize(std::min(room, most_bytes + 1));
    while (size < text.size()) {
      const ssize_t count = read(file.number, text.data() + size, text.size() - size);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failed();
      if (count == 0) {
        text.resize(size);
        return text;
      }
      size += static_cast<std::size_t>(count);
    }
  }
  return wrong(fmt::format("the file is larger than {} MiB", most_bytes >> 20U));
}

}  // namespace dkimprobe::config
