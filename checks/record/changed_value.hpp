// Why the value of p= is no key, where one cause explains the whole of it: a placeholder, another encoding, a
// panel that changed letters or took `+` for a space.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "checks/record/public_key.hpp"

namespace dkimprobe::checks {

inline constexpr std::string_view key_anew =
    "enter the public key anew, as `openssl pkey -in PRIVATE.pem -pubout` prints it between its BEGIN and "
    "END lines, on "
    "one line";

struct ChangedValue {
  std::string detail{};
  std::string remedy{};
  std::optional<PublicKey> meant{};  ///< the key, where it can be read all the same
};

/// `value` was decoded as `base64` and read as `key`, which is none.
[[nodiscard]] std::optional<ChangedValue> explain_value(std::string_view value, const Base64Text& base64,
                                                        const PublicKey& key);

/// Whether a key of any kind was read.
[[nodiscard]] bool was_read(const PublicKey& key);

/// Each different character of `value` that base64 has not, the first few, escaped.
[[nodiscard]] std::string foreign_characters(std::string_view value);

/// Why the digits and `=` of `value` cannot be the whole of a base64 text.
[[nodiscard]] std::string padding_fault(std::string_view value);

}  // namespace dkimprobe::checks
