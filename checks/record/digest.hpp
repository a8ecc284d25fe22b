// The SHA-256 digest of bytes, as text.
#pragma once

#include <string>
#include <string_view>

namespace dkimprobe::checks {

/// In lower-case hexadecimal, 64 characters.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace dkimprobe::checks
