#include "cli/output.hpp"

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace dkimprobe::cli {

bool write_output(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return true;
  if (errno == EPIPE) return false;
  throw std::system_error(errno, std::generic_category(), "standard output cannot be written");
}

}  // namespace dkimprobe::cli
