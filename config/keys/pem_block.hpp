// Blocks of PEM (RFC 7468) and their header fields (RFC 1421), as views of the text. Knows no kind of key.
#pragma once

#include <optional>
#include <string_view>

#include "config/basics/result.hpp"
#include "config/keys/secret_bytes.hpp"

namespace dkimprobe::config {

struct PemBlock {
  std::string_view label{};
  std::string_view headers{};
  std::string_view text{};
  bool ends = false;  ///< with END and the same label
};

[[nodiscard]] bool is_pem(std::string_view bytes);

/// The first block whose label ends with `label`: `RSA PRIVATE KEY` ends with `PRIVATE KEY`.
[[nodiscard]] std::optional<PemBlock> find_block(std::string_view text, std::string_view label);

/// The value of a header field, without surrounding space.
[[nodiscard]] std::string_view header_field(std::string_view headers, std::string_view name);

/// Decodes the base64 of a block. The error has no place.
[[nodiscard]] Result<void> decode_block(const PemBlock& block, SecretBytes& der);

}  // namespace dkimprobe::config
