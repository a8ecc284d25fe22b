#include "config/keys/secret_bytes.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "config/basics/escape.hpp"

namespace dkimprobe::config {

SecretBytes::~SecretBytes() {
  explicit_bzero(bytes_.data(), bytes_.size());
}

Result<bool> read_secret_file(const std::filesystem::path& path, SecretFiles files, std::string_view what,
                              SecretBytes& bytes) {
  const bool pipes = files == SecretFiles::regular_and_pipes;
  const bool is_input = pipes && path == "-";
  const auto wrong = [&](std::string_view message) {
    return failure(is_input ? "standard input" : escape_text(path.string()), std::string(message));
  };
  const auto failed = [&] {
    return wrong(fmt::format("it cannot be read: {}", std::generic_category().message(errno)));
  };
  // Without O_NONBLOCK, opening a pipe without a writer would block forever.
  const int file = is_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                            : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0) return failed();
  struct Closer {
    int file;
    ~Closer() { close(file); }
  } const closer{file};
  struct stat status{};
  if (fstat(file, &status) != 0) return failed();
  if (S_ISDIR(status.st_mode)) return wrong(fmt::format("this is a directory; {} was expected", what));
  if (isatty(file) == 1) return wrong(fmt::format("this is a terminal; {} was expected", what));
  if (!S_ISREG(status.st_mode) && !(pipes && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)))) {
    return wrong(fmt::format("this is not a regular file; {} was expected", what));
  }
  if (!is_input && fcntl(file, F_SETFL, 0) != 0) return failed();
  const auto room = bytes.room();
  std::size_t size = 0;
  while (size < room.size()) {
    const ssize_t count = read(file, room.data() + size, room.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed();
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  bytes.set_size(size);
  if (size == room.size()) {
    return wrong(fmt::format("it is too large to hold {} (over {} KiB)", what, room.size() / 1024));
  }
  if (size == 0) return wrong(fmt::format("it is empty; {} was expected", what));
  return S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

}  // namespace dkimprobe::config
