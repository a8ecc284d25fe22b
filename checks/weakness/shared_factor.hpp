// RSA keys that share a prime factor: who knows both moduli computes both private keys. Numbers are octets,
// big-endian and without leading zeros.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dkimprobe::checks {

/// Whether two different moduli have a common factor.
[[nodiscard]] bool have_common_factor(std::string_view modulus, std::string_view other);

/// Whether the number, a product of any factors, has a factor in common with the modulus, apart from the
/// modulus itself.
[[nodiscard]] bool has_factor_of(std::string_view product, std::string_view modulus);

/// Many moduli, and which of them share a factor. A new one is compared with products of the others.
class ModulusPool {
 public:
  ModulusPool();
  ~ModulusPool();
  ModulusPool(const ModulusPool&) = delete;
  ModulusPool& operator=(const ModulusPool&) = delete;

  /// Ignored if the pool has the modulus, or is full.
  void add(std::string_view modulus);
  /// Other moduli of the pool that share a factor with this one, the first few; none if the pool does not
  /// have it.
  [[nodiscard]] std::vector<std::string> sharing_with(std::string_view modulus) const;

 private:
  struct Part;
  std::map<std::string, std::vector<std::string>, std::less<>> sharing_{};  ///< by modulus, each of the pool
  std::vector<std::unique_ptr<Part>> parts_{};
};

}  // namespace dkimprobe::checks
