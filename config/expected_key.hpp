// The key that an operator expects at a selector, told in one of four ways: fingerprint, record, public key,
// private key. It compares nothing with what is published: checks do.
#pragma once

#include <string_view>

#include "config/key_identity.hpp"
#include "config/result.hpp"

namespace dkimprobe::config {

/// A SHA-256 over the SubjectPublicKeyInfo in DER: 64 hexadecimal digits, in pairs with colons if wanted. The
/// mistake has no place.
[[nodiscard]] Result<KeyIdentity> read_fingerprint(std::string_view text);

/// The text of a key record (RFC 6376 section 3.6.1) as it should be published, its strings joined. It is the
/// operator's own text, so what is not right in it is a mistake and is not guessed at. The mistake has no
/// place.
[[nodiscard]] Result<KeyIdentity> read_expected_record(std::string_view text);

}  // namespace dkimprobe::config
