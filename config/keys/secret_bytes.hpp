// Memory for what must not stay in memory, and files read into it. It knows nothing of what the bytes mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "config/basics/result.hpp"

namespace dkimprobe::config {

/// Bytes at a fixed place in memory, which is wiped before it is given back.
class SecretBytes {
 public:
  explicit SecretBytes(std::size_t room) : bytes_(room) {}
  ~SecretBytes();
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;

  [[nodiscard]] std::span<char> room() { return bytes_; }
  void set_size(std::size_t size) { size_ = size; }
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::vector<char> bytes_;
  std::size_t size_ = 0;
};

/// What may be read. A pipe is waited for, which is for people at the command line: `<(...)` of a shell, and
/// `-` for standard input.
enum class SecretFiles : std::uint8_t { regular, regular_and_pipes };

/// Reads the file as a whole; it has fewer bytes than there is room for. True: the group or everybody can
/// read it. `what` is what the file should hold, for the mistakes ("a key"), which are at the path.
[[nodiscard]] Result<bool> read_secret_file(const std::filesystem::path& path, SecretFiles files,
                                            std::string_view what, SecretBytes& bytes);

}  // namespace dkimprobe::config
