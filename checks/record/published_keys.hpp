// Public keys whose private halves everybody can read: the samples of RFCs and of the test suites of mail
// software. It holds their fingerprints and where the private half stands, no keys.
#pragma once

#include <string_view>

namespace dkimprobe::checks {

/// Where the private half is printed ("RFC 6376 appendix C"); empty when the key is not one of these.
/// `sha256` is of the SubjectPublicKeyInfo in DER, lower-case hex.
[[nodiscard]] std::string_view published_private_key(std::string_view sha256);

}  // namespace dkimprobe::checks
