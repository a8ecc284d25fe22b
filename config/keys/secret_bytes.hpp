// Memory for secrets, which is wiped after use, and reading files into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "config/basics/result.hpp"

namespace dkimprobe::config {

// The largest key that makes sense has a few thousand octets; comments before the PEM lines may add to it.
inline constexpr std::size_t longest_key_file = 65'536;

/// Bytes at a fixed address, wiped before they are freed.
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

/// What kinds of files may be read. Reading a pipe waits for its writer; pipes are for the command line:
/// `<(...)` of a shell, and `-` for standard input.
enum class SecretFiles : std::uint8_t { regular, regular_and_pipes };

/// Reads the whole file, which must have fewer bytes than `bytes` has room for. Returns true if the group or
/// everybody can read it. `what` is what the file should hold, for error messages ("a key"). The place of an
/// error is the path.
[[nodiscard]] Result<bool> read_secret_file(const std::filesystem::path& path, SecretFiles files,
                                            std::string_view what, SecretBytes& bytes);

}  // namespace dkimprobe::config
