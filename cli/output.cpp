#include "cli/output.hpp"

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "config/escape.hpp"

namespace dkimprobe::cli {

bool write_output(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return true;
  if (errno == EPIPE) return false;
  throw std::system_error(errno, std::generic_category(), "standard output cannot be written");
}

config::Result<void> write_file(const std::filesystem::path& file, std::string_view text) {
  const std::filesystem::path unfinished = file.string() + ".unfinished";
  errno = 0;
  std::FILE* const stream = std::fopen(unfinished.c_str(), "wb");
  bool written = stream != nullptr && std::fwrite(text.data(), 1, text.size(), stream) == text.size();
  if (stream != nullptr && std::fclose(stream) != 0) written = false;
  if (written && std::rename(unfinished.c_str(), file.c_str()) == 0) return {};
  const int error = errno;
  if (stream != nullptr) std::remove(unfinished.c_str());
  return config::mistake(config::escape_text(file.string(), 200),
                         "it cannot be written: " + std::generic_category().message(error));
}

}  // namespace dkimprobe::cli
