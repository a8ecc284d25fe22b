// What tells one key pair from another without holding any of it: public facts alone.
#pragma once

#include <cstdint>
#include <string>

namespace dkimprobe::config {

struct KeyIdentity {
  std::string sha256{};     ///< of the SubjectPublicKeyInfo in DER, lower-case hex
  std::string algorithm{};  ///< "rsa" or "ed25519"; empty when a fingerprint is all that is known
  std::uint32_t bits = 0;   ///< likewise 0

  friend bool operator==(const KeyIdentity&, const KeyIdentity&) = default;
};

}  // namespace dkimprobe::config
