#include "cli/io/spool.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include "cli/io/output.hpp"

namespace dkimprobe::cli {
namespace {

[[noreturn]] void fail() {
  throw std::system_error(errno, std::generic_category(), "a temporary file");
}

}  // namespace

Spool::Spool() : file_(std::tmpfile(), std::fclose) {
  if (!file_) fail();
}

void Spool::add(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) fail();
}

bool Spool::copy_to_output() {
  constexpr std::size_t piece = 64U << 10U;
  if (std::fseek(file_.get(), 0, SEEK_SET) != 0) fail();
  std::string buffer(piece, '\0');
  while (true) {
    const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file_.get());
    if (got == 0 && std::ferror(file_.get()) != 0) fail();
    if (got == 0) return true;
    if (!write_output(std::string_view(buffer).substr(0, got))) return false;
  }
}

}  // namespace dkimprobe::cli
