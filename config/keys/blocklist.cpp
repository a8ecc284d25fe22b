#include "config/keys/blocklist.hpp"

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "config/basics/escape.hpp"
#include "config/basics/regular_file.hpp"

namespace dkimprobe::config {
namespace {

constexpr std::size_t row_bytes = 16;
constexpr std::size_t digest_bytes = 15;

std::string error_text() {
  return std::error_code(errno, std::generic_category()).message();
}

/// Why a file of this size is no blocklist; empty if it may be one.
std::string fault_of_size(std::size_t bytes) {
  if (bytes == 0) return "the blocklist is empty";
  if (bytes % row_bytes == 0) return {};
  return fmt::format(
      "a blocklist has rows of {} bytes, but the size of this file, {} bytes, is not a multiple of that; if "
      "it is compressed (.xz), unpack it first",
      row_bytes, bytes);
}

}  // namespace

Blocklist::Blocklist(void* begin, std::size_t bytes) : begin_(begin), bytes_(bytes) {}

Blocklist::~Blocklist() {
  ::munmap(begin_, bytes_);
}

std::string_view Blocklist::row(std::size_t number) const {
  return {static_cast<const char*>(begin_) + number * row_bytes, row_bytes};
}

Result<std::shared_ptr<const Blocklist>> Blocklist::open(const std::filesystem::path& path) {
  const std::string place = escape_text(path.string());
  // Without O_NONBLOCK, opening a named pipe would wait for a writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number < 0) return failure(place, error_text());
  struct stat about{};
  const bool is_regular = ::fstat(file.number, &about) == 0 && S_ISREG(about.st_mode);
  const auto bytes = static_cast<std::size_t>(about.st_size);
  std::string fault = is_regular ? fault_of_size(bytes) : "this is not a regular file";
  void* begin = MAP_FAILED;
  if (fault.empty()) {
    begin = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file.number, 0);
    if (begin == MAP_FAILED) fault = error_text();
  }
  if (!fault.empty()) return failure(place, std::move(fault));

  std::shared_ptr<const Blocklist> list(new Blocklist(begin, bytes));
  for (std::size_t i = 1; i < bytes / row_bytes; ++i) {
    if (list->row(i - 1) < list->row(i)) continue;
    return failure(
        place, fmt::format("the rows of a blocklist are sorted, but row {} of this file is not greater than "
                           "the row before it",
                           i + 1));
  }
  return list;
}

std::optional<std::uint8_t> Blocklist::find(std::string_view key) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (EVP_Digest(key.data(), key.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    return std::nullopt;
  const std::string_view wanted(reinterpret_cast<const char*>(digest.data()), digest_bytes);
  std::size_t first = 0;
  std::size_t end = bytes_ / row_bytes;
  while (first < end) {
    const std::size_t middle = first + (end - first) / 2;
    if (row(middle).substr(0, digest_bytes) < wanted) {
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  if (first == bytes_ / row_bytes || !row(first).starts_with(wanted)) return std::nullopt;
  return static_cast<std::uint8_t>(row(first).back());
}

}  // namespace dkimprobe::config
