// What editors, shells and panels make of the file of a key: a byte order mark, UTF-16, line breaks as `\n`,
// base64 without the lines of PEM around it. It knows nothing of keys beyond that.
#pragma once

#include "config/keys/secret_bytes.hpp"

namespace dkimprobe::config {

/// Changes `bytes` in place to what was meant: text in octets, or DER where there is base64 alone. Anything
/// else stays as it is.
void undo_wrapping(SecretBytes& bytes);

/// Whether these are the 32 octets of a raw Ed25519 key in base64, private or public.
[[nodiscard]] bool is_raw_key_text(std::string_view text);

}  // namespace dkimprobe::config
