#include "checks/weakness/rsa_weakness.hpp"

#include <cstdlib>
#include <memory>
#include <set>
#include <string>

#include <gmpxx.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
using checks::Weakness;

namespace {

using Found = std::set<Weakness>;

/// The same numbers in each run.
gmp_randclass& random_numbers() {
  static gmp_randclass numbers(gmp_randinit_default);
  return numbers;
}

mpz_class random_number(unsigned long bits) {
  mpz_class number = random_numbers().get_z_bits(bits);
  mpz_setbit(number.get_mpz_t(), bits - 1);
  mpz_setbit(number.get_mpz_t(), bits - 2);
  mpz_setbit(number.get_mpz_t(), 0);
  return number;
}

mpz_class next_prime(const mpz_class& number) {
  mpz_class prime;
  mpz_nextprime(prime.get_mpz_t(), number.get_mpz_t());
  return prime;
}

mpz_class random_prime(unsigned long bits) {
  return next_prime(random_number(bits));
}

bool is_prime(const mpz_class& number) {
  return mpz_probab_prime_p(number.get_mpz_t(), 25) != 0;
}

std::string octets(const mpz_class& number) {
  std::string bytes((mpz_sizeinbase(number.get_mpz_t(), 2) + 7) / 8, '\0');
  mpz_export(bytes.data(), nullptr, 1, 1, 0, 0, number.get_mpz_t());
  return bytes;
}

Found found_in(const mpz_class& modulus, const mpz_class& exponent = 65537) {
  Found found;
  for (const auto& each :
       checks::find_weaknesses(octets(modulus), octets(exponent), checks::PrimeTest::done)) {
    CHECK_FALSE(each.detail.empty());
    found.insert(each.weakness);
  }
  return found;
}

mpz_class inverse(const mpz_class& number, const mpz_class& modulus) {
  mpz_class result;
  if (mpz_invert(result.get_mpz_t(), number.get_mpz_t(), modulus.get_mpz_t()) == 0) return 0;
  return result;
}

/// A prime as the library of CVE-2017-15361 makes it.
mpz_class roca_prime() {
  mpz_class product;
  mpz_primorial_ui(product.get_mpz_t(), 167);
  for (;;) {
    mpz_class residue;
    const mpz_class generator = 65537;
    const mpz_class power = random_numbers().get_z_bits(62);
    mpz_powm(residue.get_mpz_t(), generator.get_mpz_t(), power.get_mpz_t(), product.get_mpz_t());
    const mpz_class prime = random_number(293) * product + residue;
    if (is_prime(prime)) return prime;
  }
}

/// A prime of 16 numbers of 32 bits, of which only the lowest `bits` are random.
mpz_class sparse_prime(unsigned long bits) {
  for (;;) {
    mpz_class number;
    for (int i = 0; i < 16; ++i) number = (number << 32) + random_numbers().get_z_bits(bits);
    number |= (mpz_class(3) << 510) + 1;
    if (is_prime(number)) return number;
  }
}

}  // namespace

TEST_CASE("a modulus with a prime factor of up to 65537 is found") {
  const mpz_class prime = random_prime(1024);
  CHECK(found_in(prime * 3) == Found{Weakness::small_factor});
  CHECK(found_in(prime * 641) == Found{Weakness::small_factor});
  CHECK(found_in(prime * 65521 * 65521) == Found{Weakness::small_factor});
  CHECK(found_in(prime * 65537) == Found{Weakness::small_factor});
  CHECK(found_in(prime * 65539) == Found{});
  const auto named =
      checks::find_weaknesses(octets(prime * 641 * 65537), octets(65537), checks::PrimeTest::omitted);
  REQUIRE(named.size() == 1);
  CHECK(named.front().detail == "the modulus is divisible by 641");
}

TEST_CASE("a square, and close prime factors, are found") {
  const mpz_class prime = random_prime(1024);
  CHECK(found_in(prime * prime) == Found{Weakness::square});
  CHECK(found_in(prime * next_prime(prime)) == Found{Weakness::close_factors});
  // The number of steps is the square of the difference, divided by eight times the factor.
  CHECK(found_in(prime * next_prime(prime + (mpz_class(1) << 516))) == Found{Weakness::close_factors});
  CHECK(found_in(prime * next_prime(prime + (mpz_class(1) << 518))) == Found{});
}

TEST_CASE("keys with the fingerprint of CVE-2017-15361 are found") {
  const mpz_class modulus = roca_prime() * roca_prime();
  CHECK(found_in(modulus) == Found{Weakness::roca});
  CHECK(found_in(modulus + 2).count(Weakness::roca) == 0);
  CHECK(found_in(roca_prime() * random_prime(512)) == Found{});
}

TEST_CASE("a private exponent in the range of Wiener's attack is found") {
  for (const unsigned long bits : {256UL, 512UL, 1024UL}) {
    const mpz_class p = random_prime(bits);
    const mpz_class q = random_prime(bits);
    const mpz_class totient = (p - 1) * (q - 1);
    const mpz_class exponents = lcm(mpz_class(p - 1), mpz_class(q - 1));
    const auto public_exponent = [](unsigned long private_bits, const mpz_class& order) {
      for (;;) {
        const mpz_class e = inverse(random_number(private_bits), order);
        if (e != 0) return e;
      }
    };
    INFO(bits);
    CHECK(found_in(p * q, public_exponent(bits / 2 - 8, totient)) == Found{Weakness::small_private_exponent});
    CHECK(found_in(p * q, public_exponent(bits / 2 - 24, exponents)) ==
          Found{Weakness::small_private_exponent});
    CHECK(found_in(p * q, public_exponent(40, totient)) == Found{Weakness::small_private_exponent});
    CHECK(found_in(p * q, public_exponent(bits / 2 + 16, totient)) == Found{});
    CHECK(found_in(p * q, public_exponent(2 * bits - 8, totient)) == Found{});
  }
}

TEST_CASE("a prime modulus is found") {
  CHECK(found_in(random_prime(1024)) == Found{Weakness::prime_modulus});
  CHECK(
      checks::find_weaknesses(octets(random_prime(1024)), octets(65537), checks::PrimeTest::omitted).empty());
}

TEST_CASE("a modulus that is a polynomial with small coefficients is found") {
  CHECK(found_in(sparse_prime(8) * sparse_prime(8)).count(Weakness::zero_octets) == 1);
  CHECK(found_in(sparse_prime(10) * sparse_prime(10)).count(Weakness::zero_octets) == 1);
  CHECK(found_in(sparse_prime(32) * sparse_prime(32)) == Found{});
}

TEST_CASE("a modulus that is not random is found") {
  const mpz_class random = random_number(1024);
  mpz_class repeated = 1;
  for (int i = 0; i < 6; ++i) repeated = (repeated << 160) + (random >> 864);
  CHECK(found_in(repeated).count(Weakness::repeated_octets) == 1);
  const mpz_class sparse = random & random_number(1024);
  CHECK(found_in(sparse).count(Weakness::bit_bias) == 1);
  const mpz_class dense = random | random_number(1024);
  CHECK(found_in(dense).count(Weakness::bit_bias) == 1);
}

TEST_CASE("one key can have several weaknesses") {
  const mpz_class prime = random_prime(512);
  CHECK(found_in(prime * prime * 9) == Found{Weakness::small_factor, Weakness::square});
}

TEST_CASE("what is remembered of a key is what was found") {
  const std::string prime = octets(random_prime(512));
  const std::string exponent = octets(65537);
  checks::ExaminedKeys keys;
  for (int i = 0; i < 2; ++i) {
    const auto tested = keys.weaknesses("a", prime, exponent, checks::PrimeTest::done);
    REQUIRE(tested.size() == 1);
    CHECK(tested.front().weakness == Weakness::prime_modulus);
    CHECK(keys.weaknesses("a", prime, exponent, checks::PrimeTest::omitted).empty());
  }
  const auto other = keys.weaknesses("b", octets(random_prime(512) * 3), exponent, checks::PrimeTest::done);
  REQUIRE(other.size() == 1);
  CHECK(other.front().weakness == Weakness::small_factor);
}

TEST_CASE("any numbers give a result") {
  for (const std::size_t size : {8UL, 9UL, 64UL, 512UL, 2048UL}) {
    for (const char fill : {'\xff', '\x01', '\x80'}) {
      std::string modulus(size, fill);
      modulus.back() = '\x01';
      const auto prime_test = size > 512 ? checks::PrimeTest::omitted : checks::PrimeTest::done;
      for (const std::string& exponent : {std::string(), std::string("\1"), std::string(size, '\x7f'),
                                          std::string(size, '\xff'), std::string(size + 1, '\xff')})
        CHECK_NOTHROW(checks::find_weaknesses(modulus, exponent, prime_test));
    }
  }
}

// DKIMPROBE_FRESH_KEYS: how many keys of 1024 bits; of each larger size there are fewer.
TEST_CASE("no weakness is found in fresh keys of OpenSSL") {
  const char* const given = std::getenv("DKIMPROBE_FRESH_KEYS");
  const int count = given == nullptr ? 200 : std::atoi(given);
  for (const auto& [bits, keys] : {std::pair(1024U, count), {1536U, count / 4}, {2048U, count / 8}}) {
    for (int i = 0; i < keys; ++i) {
      const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(bits), &EVP_PKEY_free);
      REQUIRE(key);
      BIGNUM* modulus = nullptr;
      REQUIRE(EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_RSA_N, &modulus) == 1);
      std::string bytes(static_cast<std::size_t>(BN_num_bytes(modulus)), '\0');
      BN_bn2bin(modulus, reinterpret_cast<unsigned char*>(bytes.data()));
      BN_free(modulus);
      for (const auto& each :
           checks::find_weaknesses(bytes, std::string_view("\1\0\1", 3), checks::PrimeTest::done))
        FAIL(each.detail);
    }
  }
}
