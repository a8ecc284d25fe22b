// Weaknesses of RSA keys that show in the public numbers: whoever knows them computes the private key, or has
// reason to try. Pure functions of the numbers; the time is limited for any key.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dkimprobe::checks {

enum class Weakness : std::uint8_t {
  small_factor,            ///< a prime factor of at most 65,537
  square,                  ///< both prime factors are the same
  close_factors,           ///< so close to each other that Fermat's method finds them
  roca,                    ///< the fingerprint of the library of CVE-2017-15361
  small_private_exponent,  ///< in the range of Wiener's continued fractions
  prime_modulus,
  zero_octets,      ///< at regular places: the modulus is a polynomial with small coefficients
  repeated_octets,  ///< a sequence of octets that repeats
  bit_bias,         ///< far more ones than zeros, or the reverse
};

struct RsaWeakness {
  Weakness weakness = Weakness::small_factor;
  std::string detail{};  ///< what the numbers show, for people: one clause
};

/// Whether anyone can compute the private key; otherwise there is only reason to suspect it.
[[nodiscard]] bool breaks_key(const RsaWeakness& weakness);

/// Whether to test if the modulus is a prime: ten times the time of all other tests together.
enum class PrimeTest : std::uint8_t { omitted, done };

/// Keys are examined from `fewest` to `most` bits.
struct ExaminedBits {
  std::uint32_t fewest = 0;
  std::uint32_t most = 0;
};
inline constexpr ExaminedBits examined_bits{64, 16'384};
inline constexpr ExaminedBits prime_tested_bits{64, 4'096};

/// The numbers are big-endian, without leading zeros. The modulus must be odd and of `examined_bits`; the
/// prime test is also omitted beyond `prime_tested_bits`.
[[nodiscard]] std::vector<RsaWeakness> find_weaknesses(std::string_view modulus, std::string_view exponent,
                                                       PrimeTest prime_test);

/// What was found in the keys that were examined last: most keys come again with each probe. For one thread
/// at a time.
class ExaminedKeys {
 public:
  /// The same as `find_weaknesses`. `sha256` identifies the key.
  [[nodiscard]] std::vector<RsaWeakness> weaknesses(std::string_view sha256, std::string_view modulus,
                                                    std::string_view exponent, PrimeTest prime_test);

 private:
  std::array<std::unordered_map<std::string, std::vector<RsaWeakness>>, 2>
      known_{};  ///< for each `PrimeTest`
};

}  // namespace dkimprobe::checks
