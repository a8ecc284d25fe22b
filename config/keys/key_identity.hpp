// What tells one key pair from another: public facts alone, nothing of the private key.
#pragma once

#include <cstdint>
#include <string>

namespace dkimprobe::config {

struct KeyIdentity {
  std::string sha256{};     ///< of the SubjectPublicKeyInfo in DER, lower-case hex
  std::string algorithm{};  ///< "rsa" or "ed25519"; empty when a fingerprint is all that is known
  std::uint32_t bits = 0;   ///< likewise 0
  std::string spki{};       ///< the public key: SubjectPublicKeyInfo in DER, raw; likewise empty

  /// The same key: of a key and a fingerprint as of two keys, since the fingerprint tells them apart.
  friend bool operator==(const KeyIdentity& a, const KeyIdentity& b) { return a.sha256 == b.sha256; }
};

}  // namespace dkimprobe::config
