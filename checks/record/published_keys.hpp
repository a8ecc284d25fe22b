// Public keys whose private keys are public: samples of RFCs and of the test suites of mail software. The
// list has their fingerprints and where the private key is printed, but no keys.
#pragma once

#include <string_view>

namespace dkimprobe::checks {

/// Where the private key is printed ("RFC 6376 appendix C"); empty if the key is not in the list.
/// `sha256` is of the SubjectPublicKeyInfo in DER, lower-case hex.
[[nodiscard]] std::string_view published_private_key(std::string_view sha256);

}  // namespace dkimprobe::checks
