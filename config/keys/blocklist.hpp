// A list of public keys whose private keys are known, as the program badkeys publishes it: a file of sorted
// rows of 16 bytes, the first 120 bits of a SHA-256 and the number of the list that the key comes from. The
// file is mapped into memory, so it must be replaced by renaming, never overwritten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "config/basics/result.hpp"

namespace dkimprobe::config {

class Blocklist {
 public:
  /// The place of an error is the path: a file that cannot be read, or whose rows are not those of a
  /// blocklist.
  [[nodiscard]] static Result<std::shared_ptr<const Blocklist>> open(const std::filesystem::path& path);
  Blocklist(const Blocklist&) = delete;
  Blocklist& operator=(const Blocklist&) = delete;
  ~Blocklist();

  /// The number of the list that has the key, or nothing. `key` is the modulus of an RSA key, big-endian and
  /// without leading zeros, or the 32 octets of an Ed25519 key.
  [[nodiscard]] std::optional<std::uint8_t> find(std::string_view key) const;

 private:
  Blocklist(void* begin, std::size_t bytes);
  [[nodiscard]] std::string_view row(std::size_t number) const;

  void* begin_;
  std::size_t bytes_;
};

}  // namespace dkimprobe::config
