#include "config/keys/secret_bytes.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "config/basics/escape.hpp"
#include "config/basics/regular_file.hpp"

namespace dkimprobe::config {

namespace {

/// What the file is, if it is of a kind that is not read; else empty.
std::string_view refused_kind(int file, mode_t mode, bool pipes) {
  if (S_ISDIR(mode)) return "a directory";
  if (isatty(file) == 1) return "a terminal";
  const bool is_pipe = S_ISFIFO(mode) || S_ISSOCK(mode);
  return S_ISREG(mode) || (pipes && is_pipe) ? "" : "not a regular file";
}

/// Reads until the end of the file or until `room` is full; nothing on an error.
std::optional<std::size_t> read_all(int file, std::span<char> room) {
  std::size_t size = 0;
  while (size < room.size()) {
    const ssize_t count = read(file, room.data() + size, room.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  return size;
}

}  // namespace

SecretBytes::~SecretBytes() {
  explicit_bzero(bytes_.data(), bytes_.size());
}

Result<bool> read_secret_file(const std::filesystem::path& path, SecretFiles files, std::string_view what,
                              SecretBytes& bytes) {
  const bool pipes = files == SecretFiles::regular_and_pipes;
  const bool is_input = pipes && path == "-";
  const auto wrong = [&](std::string message) {
    return failure(is_input ? "standard input" : escape_text(path.string()), std::move(message));
  };
  const auto failed = [&] {
    return wrong(fmt::format("it cannot be read: {}", std::generic_category().message(errno)));
  };
  // Without O_NONBLOCK, opening a pipe without a writer would block forever.
  const int opened = is_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                              : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (opened < 0) return failed();
  const Descriptor file(opened);
  struct stat status{};
  if (fstat(file.number, &status) != 0) return failed();
  if (const auto kind = refused_kind(file.number, status.st_mode, pipes); !kind.empty())
    return wrong(fmt::format("this is {}; {} was expected", kind, what));
  if (!is_input && fcntl(file.number, F_SETFL, 0) != 0) return failed();
  const auto size = read_all(file.number, bytes.room());
  if (!size) return failed();
  bytes.set_size(*size);
  if (*size == bytes.room().size()) {
    return wrong(fmt::format("it is too large to hold {} (over {} KiB)", what, bytes.room().size() / 1024));
  }
  if (*size == 0) return wrong(fmt::format("it is empty; {} was expected", what));
  return S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

}  // namespace dkimprobe::config
