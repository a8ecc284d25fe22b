#include "config/records/input.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "config/basics/escape.hpp"

namespace dkimprobe::config {

std::string shown_name(const std::filesystem::path& file) {
  return file == "-" ? "standard input" : escape_text(file.string(), 200);
}

Result<std::string> read_file(const std::filesystem::path& file, std::size_t most_bytes) {
  const auto failed = [&] {
    return failure(shown_name(file),
                   fmt::format("it cannot be read: {}", std::generic_category().message(errno)));
  };
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(nullptr, std::fclose);
  std::FILE* stream = stdin;
  if (file != "-") {
    opened.reset(std::fopen(file.c_str(), "rb"));
    if (!opened) return failed();
    stream = opened.get();
  }
  constexpr std::size_t piece = 1U << 16U;
  std::string text;
  while (text.size() <= most_bytes) {
    const std::size_t before = text.size();
    text.resize(before + std::min(piece, most_bytes + 1 - before));
    const std::size_t got = std::fread(text.data() + before, 1, text.size() - before, stream);
    text.resize(before + got);
    if (got > 0) continue;
    if (std::ferror(stream) != 0) return failed();
    break;
  }
  return text;
}

}  // namespace dkimprobe::config
