// The work that one validation may do, counted in operations: a hostile zone can ask for quadratically many
// signature checks with keys of equal tags (CVE-2023-50387), or for millions of NSEC3 hashes
// (CVE-2023-50868).
#pragma once

#include <cstdint>

namespace dkimprobe::checks::dnssec {

class Budget {
 public:
  /// A chain of ten zones takes 19 checks and an answer at most 5 more. One takes less than 1 ms (P-384).
  static constexpr std::uint32_t most_signature_checks = 32;
  /// A name of 127 labels with 100 iterations takes 12,827 hashes.
  static constexpr std::uint32_t most_hashes = 16'000;

  /// Whether one more signature may be checked; counts it.
  [[nodiscard]] bool take_signature_check() {
    if (signature_checks_ == most_signature_checks) return false;
    ++signature_checks_;
    return true;
  }
  /// Whether `count` more digests may be computed; counts them.
  [[nodiscard]] bool take_hashes(std::uint32_t count) {
    if (count > most_hashes - hashes_) return false;
    hashes_ += count;
    return true;
  }

  [[nodiscard]] std::uint32_t signature_checks() const { return signature_checks_; }
  [[nodiscard]] std::uint32_t hashes() const { return hashes_; }

 private:
  std::uint32_t signature_checks_ = 0;
  std::uint32_t hashes_ = 0;
};

}  // namespace dkimprobe::checks::dnssec
