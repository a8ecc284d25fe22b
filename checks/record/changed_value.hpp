// Finds one cause that explains why the whole value of p= is not a key: a placeholder, another encoding, or a
// control panel that changed letters or turned `+` into a space.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "checks/record/public_key.hpp"

namespace dkimprobe::checks {

inline constexpr std::string_view key_anew =
    "enter the public key again, as `openssl pkey -in PRIVATE.pem -pubout` prints it between its BEGIN and "
    "END lines, on one line";

struct ChangedValue {
  std::string detail{};
  std::string remedy{};
  std::optional<PublicKey> meant{};  ///< the intended key, if it can still be read
};

/// `value` was decoded as `base64` and read as `key`, which is not a key.
[[nodiscard]] std::optional<ChangedValue> explain_value(std::string_view value, const Base64Text& base64,
                                                        const PublicKey& key);

/// The first few different characters of `value` that are outside base64, escaped.
[[nodiscard]] std::string foreign_characters(std::string_view value);

/// Why the digits and `=` of `value` cannot be a complete base64 text.
[[nodiscard]] std::string padding_fault(std::string_view value);

}  // namespace dkimprobe::checks
