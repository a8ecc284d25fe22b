// What identifies a key pair: only public facts, nothing of the private key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace dkimprobe::config {

/// The octets of an ML-DSA-44 public key (FIPS 204 section 4, table 2).
inline constexpr std::size_t mldsa44_octets = 1'312;

struct KeyIdentity {
  std::string sha256{};     ///< of the SubjectPublicKeyInfo in DER, lower-case hex
  std::string algorithm{};  ///< "rsa", "ed25519" or "mldsa44"; empty when only a fingerprint is known
  std::uint32_t bits = 0;   ///< likewise 0
  std::string spki{};       ///< the public key: SubjectPublicKeyInfo in DER, raw; likewise empty

  /// Whether it is the same key; the fingerprint decides, so a key can be compared with a bare fingerprint.
  friend bool operator==(const KeyIdentity& a, const KeyIdentity& b) { return a.sha256 == b.sha256; }
};

}  // namespace dkimprobe::config
