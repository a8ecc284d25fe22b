// What identifies a key pair: only public facts, nothing of the private key.
#pragma once

#include <cstdint>
#include <string>

namespace dkimprobe::config {

struct KeyIdentity {
  std::string sha256{};     ///< of the SubjectPublicKeyInfo in DER, lower-case hex
  std::string algorithm{};  ///< "rsa" or "ed25519"; empty when only a fingerprint is known
  std::uint32_t bits = 0;   ///< likewise 0
  std::string spki{};       ///< the public key: SubjectPublicKeyInfo in DER, raw; likewise empty

  /// Whether it is the same key; the fingerprint decides, so a key can be compared with a bare fingerprint.
  friend bool operator==(const KeyIdentity& a, const KeyIdentity& b) { return a.sha256 == b.sha256; }
};

}  // namespace dkimprobe::config
