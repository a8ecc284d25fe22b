#include "checks/weakness/rsa_weakness.hpp"

#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <gmpxx.h>

#include "checks/weakness/number.hpp"
#include "checks/weakness/octet_pattern.hpp"

namespace dkimprobe::checks {

namespace {

constexpr unsigned long largest_small_prime = 65'537;
constexpr int fermat_rounds = 100;
constexpr std::size_t most_remembered = 16'384;
// A power of this generates each prime factor that the library of CVE-2017-15361 makes, modulo small primes.
constexpr unsigned long roca_generator = 65'537;
// Its smallest keys use these; for 2, 3, 5 and 7 the generator makes every number.
constexpr auto roca_primes = std::to_array<unsigned long>(
    {11, 13, 17, 19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67,  71,  73, 79,
     83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167});

std::size_t bits_of(const mpz_class& number) {
  return mpz_sizeinbase(number.get_mpz_t(), 2);
}

/// The product of all small primes.
const mpz_class& small_primes() {
  static const mpz_class product = [] {
    mpz_class primes;
    mpz_primorial_ui(primes.get_mpz_t(), largest_small_prime);
    return primes;
  }();
  return product;
}

/// The smallest of the small factors, or nothing.
std::optional<unsigned long> small_factor(const mpz_class& modulus) {
  const mpz_class common = gcd(small_primes() % modulus, modulus);
  if (common == 1) return std::nullopt;
  for (unsigned long factor = 3; factor <= largest_small_prime; factor += 2) {
    if (mpz_divisible_ui_p(modulus.get_mpz_t(), factor) != 0) return factor;
  }
  return std::nullopt;
}

bool is_square(const mpz_class& number) {
  return mpz_perfect_square_p(number.get_mpz_t()) != 0;
}

/// Fermat's method: n = a^2 - b^2 for an `a` near the root of n.
bool has_close_factors(const mpz_class& modulus) {
  const mpz_class a = sqrt(modulus) + 1;
  mpz_class b_squared = a * a - modulus;
  mpz_class step = 2 * a + 1;
  for (int i = 0; i < fermat_rounds; ++i) {
    if (is_square(b_squared)) return true;
    b_squared += step;
    step += 2;
  }
  return false;
}

/// Whether the number is a power of the generator modulo the prime.
bool is_roca_residue(unsigned long number, unsigned long prime) {
  const unsigned long generator = roca_generator % prime;
  unsigned long power = 1;
  do {
    if (power == number) return true;
    power = power * generator % prime;
  } while (power != 1);
  return false;
}

bool has_roca_fingerprint(const mpz_class& modulus) {
  for (const unsigned long prime : roca_primes) {
    if (!is_roca_residue(mpz_fdiv_ui(modulus.get_mpz_t(), prime), prime)) return false;
  }
  return true;
}

/// Whether the modulus is the product of two numbers with this sum.
bool has_factors_of_sum(const mpz_class& modulus, const mpz_class& sum) {
  const mpz_class difference_squared = sum * sum - 4 * modulus;
  return sgn(difference_squared) >= 0 && is_square(difference_squared);
}

/// M. Wiener, "Cryptanalysis of short RSA secret exponents": for a private exponent d below a third of the
/// fourth root of n, the multiplier k and d are the terms of a convergent of e/n. A greater e is needed for
/// such a d.
bool has_small_private_exponent(const mpz_class& modulus, const mpz_class& exponent) {
  const std::size_t bits = bits_of(modulus);
  if (exponent >= modulus || bits_of(exponent) < bits / 2) return false;
  // Of factors whose sizes differ by a few bits, the sum has half the bits of the modulus.
  const std::size_t most_sum_bits = bits / 2 + 16;
  const std::size_t most_private_bits = bits / 4 + 1;
  mpz_class numerator = exponent;
  mpz_class denominator = modulus;
  mpz_class k = 1, k_before = 0, d = 0, d_before = 1;
  while (sgn(denominator) != 0) {
    const mpz_class quotient = numerator / denominator;
    numerator -= quotient * denominator;
    swap(numerator, denominator);
    k_before += quotient * k;
    swap(k, k_before);
    d_before += quotient * d;
    swap(d, d_before);
    if (bits_of(d) > most_private_bits) return false;
    if (sgn(k) == 0) continue;
    const mpz_class totient = exponent * d / k;
    const mpz_class sum = modulus + 1 - totient;
    if (sgn(sum) > 0 && bits_of(sum) <= most_sum_bits && has_factors_of_sum(modulus, sum)) return true;
  }
  return false;
}

/// Whether Fermat's little theorem holds, as for a prime; for a product of two random primes it does not.
bool is_prime(const mpz_class& modulus) {
  const mpz_class two = 2;
  const mpz_class exponent = modulus - 1;
  mpz_class power;
  mpz_powm(power.get_mpz_t(), two.get_mpz_t(), exponent.get_mpz_t(), modulus.get_mpz_t());
  return power == 1;
}

void find_patterns(std::string_view modulus, std::vector<RsaWeakness>& found) {
  if (const auto distance = find_zero_octets(modulus)) {
    found.push_back({Weakness::zero_octets,
                     fmt::format("one in {} octets of the modulus is zero, regularly", *distance)});
  }
  if (const auto repeated = find_repeated_octets(modulus)) {
    found.push_back({Weakness::repeated_octets,
                     fmt::format("{} octets of the modulus, from octet {} on, repeat at a distance of {}",
                                 repeated->length, repeated->offset, repeated->distance)});
  }
  if (const auto count = find_bit_bias(modulus)) {
    found.push_back(
        {Weakness::bit_bias,
         fmt::format("{} of the {} bits of the modulus are ones, not about half", count->ones, count->bits)});
  }
}

}  // namespace

bool breaks_key(const RsaWeakness& weakness) {
  return weakness.weakness != Weakness::repeated_octets && weakness.weakness != Weakness::bit_bias;
}

std::vector<RsaWeakness> find_weaknesses(std::string_view modulus_octets, std::string_view exponent_octets,
                                         PrimeTest prime_test) {
  const mpz_class modulus = read_number(modulus_octets);
  std::vector<RsaWeakness> found;
  if (const auto factor = small_factor(modulus))
    found.push_back({Weakness::small_factor, fmt::format("the modulus is divisible by {}", *factor)});
  if (is_square(modulus)) {
    found.push_back({Weakness::square, "the modulus is the square of a number"});
  } else if (has_close_factors(modulus)) {
    found.push_back(
        {Weakness::close_factors,
         fmt::format("Fermat's method finds the factors of the modulus within {} steps", fermat_rounds)});
  }
  if (has_roca_fingerprint(modulus)) {
    found.push_back(
        {Weakness::roca, fmt::format("modulo each of {} small primes, the modulus is a power of {}",
                                     roca_primes.size(), roca_generator)});
  }
  if (has_small_private_exponent(modulus, read_number(exponent_octets))) {
    found.push_back({Weakness::small_private_exponent,
                     "the private exponent is so small that the exponent and the modulus reveal it"});
  }
  if (prime_test == PrimeTest::done && bits_of(modulus) <= prime_tested_bits.most && is_prime(modulus))
    found.push_back({Weakness::prime_modulus, "the modulus is a prime"});
  find_patterns(modulus_octets, found);
  return found;
}

std::vector<RsaWeakness> ExaminedKeys::weaknesses(std::string_view sha256, std::string_view modulus,
                                                  std::string_view exponent, PrimeTest prime_test) {
  auto& keys = known_.at(static_cast<std::size_t>(prime_test));
  if (const auto found = keys.find(std::string(sha256)); found != keys.end()) return found->second;
  if (keys.size() >= most_remembered) keys.clear();
  return keys.emplace(sha256, find_weaknesses(modulus, exponent, prime_test)).first->second;
}

}  // namespace dkimprobe::checks
