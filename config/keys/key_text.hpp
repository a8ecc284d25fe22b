// Undoes what editors, shells and web panels do to key files: a byte order mark, UTF-16, line breaks written
// as `\n`, base64 without the PEM lines.
#pragma once

#include "config/keys/secret_bytes.hpp"

namespace dkimprobe::config {

/// Converts `bytes` in place: UTF-16 to ASCII, bare base64 to DER or to the octets of an ML-DSA-44
/// public key. Anything else stays as it is.
void undo_wrapping(SecretBytes& bytes);

/// Whether these are the 32 octets of a raw Ed25519 key in base64, private or public.
[[nodiscard]] bool is_raw_key_text(std::string_view text);

}  // namespace dkimprobe::config
