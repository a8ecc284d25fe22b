#include "cli/io/output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fmt/format.h>

#include "config/basics/escape.hpp"

namespace dkimprobe::cli {

void print_text(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void print_message(std::string_view message) {
  print_text(fmt::format("dkimprobe: {}\n", message));
}

void print_warning(const config::Error& warning) {
  print_message("warning: " + line_of(warning));
}

void print_warnings(const config::Errors& warnings) {
  for (const auto& warning : warnings) print_warning(warning);
}

std::string line_of(const config::Error& error) {
  return fmt::format("{}{}{}", error.where, error.where.empty() ? "" : ": ", error.message);
}

bool write_output(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return true;
  if (errno == EPIPE) return false;
  throw std::system_error(errno, std::generic_category(), "standard output cannot be written");
}

namespace {

bool let_read(int descriptor, Readers readers, const std::filesystem::path& before) {
  switch (readers) {
    case Readers::as_usual:
      break;
    case Readers::everybody:
      return fchmod(descriptor, 0644) == 0;
    case Readers::as_before: {
      struct stat facts{};
      if (stat(before.c_str(), &facts) != 0) return errno == ENOENT;
      // Only root can give a file to its owner; a group can be one of one's own.
      const bool is_ours = facts.st_uid == geteuid() && facts.st_gid == getegid();
      return (is_ours || fchown(descriptor, facts.st_uid, facts.st_gid) == 0) &&
             fchmod(descriptor, facts.st_mode & 07777U) == 0;
    }
  }
  return true;
}

}  // namespace

config::Result<void> write_file(const std::filesystem::path& file, std::string_view text, Readers readers) {
  const auto refused = [&](const std::string& why) {
    return config::failure(config::escape_text(file.string(), 200), why);
  };
  std::error_code unseen;
  const auto there = std::filesystem::status(file, unseen);
  if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there))
    return refused("it cannot be written: it is not a regular file");
  // The name is unique per process and the file is new: concurrent runs do not mix, and no link is followed.
  const std::string unfinished = fmt::format("{}.{}.unfinished", file.string(), getpid());
  std::filesystem::remove(unfinished, unseen);
  const int descriptor = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  std::FILE* const stream = descriptor < 0 ? nullptr : fdopen(descriptor, "wb");
  bool written = stream != nullptr && std::fwrite(text.data(), 1, text.size(), stream) == text.size() &&
                 std::fflush(stream) == 0 && fsync(descriptor) == 0 && let_read(descriptor, readers, file);
  int error = errno;
  if (stream != nullptr && std::fclose(stream) != 0 && written) {
    written = false;
    error = errno;
  }
  if (written && std::rename(unfinished.c_str(), file.c_str()) == 0) return {};
  if (written) error = errno;
  if (descriptor >= 0) std::filesystem::remove(unfinished, unseen);
  return refused("it cannot be written: " + std::generic_category().message(error));
}

}  // namespace dkimprobe::cli
