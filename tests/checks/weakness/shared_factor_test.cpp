#include "checks/weakness/shared_factor.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gmpxx.h>

#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;

namespace {

std::string octets(const mpz_class& number) {
  std::string bytes((mpz_sizeinbase(number.get_mpz_t(), 2) + 7) / 8, '\0');
  mpz_export(bytes.data(), nullptr, 1, 1, 0, 0, number.get_mpz_t());
  return bytes;
}

/// Different primes.
std::vector<mpz_class> primes(std::size_t count) {
  gmp_randclass numbers(gmp_randinit_default);
  std::vector<mpz_class> result(count);
  for (auto& prime : result) {
    const mpz_class start = numbers.get_z_bits(128);
    mpz_nextprime(prime.get_mpz_t(), start.get_mpz_t());
  }
  return result;
}

}  // namespace

TEST_CASE("two moduli have a common factor if they share a prime, but not if they are the same") {
  const auto p = primes(4);
  CHECK(checks::have_common_factor(octets(p[0] * p[1]), octets(p[1] * p[2])));
  CHECK_FALSE(checks::have_common_factor(octets(p[0] * p[1]), octets(p[2] * p[3])));
  CHECK_FALSE(checks::have_common_factor(octets(p[0] * p[1]), octets(p[0] * p[1])));
}

TEST_CASE("a product of many moduli shows the factors that a modulus shares with the others") {
  const auto p = primes(8);
  const std::string modulus = octets(p[0] * p[1]);
  const mpz_class others = p[2] * p[3] * p[4] * p[5];
  CHECK_FALSE(checks::has_factor_of(octets(others), modulus));
  CHECK(checks::has_factor_of(octets(others * p[1]), modulus));
  CHECK(checks::has_factor_of(octets(p[0]), modulus));
  // The modulus itself may be in the product, once or more.
  CHECK_FALSE(checks::has_factor_of(octets(others * p[0] * p[1]), modulus));
  CHECK_FALSE(checks::has_factor_of(octets(others * p[0] * p[1] * p[0] * p[1]), modulus));
  CHECK(checks::has_factor_of(octets(others * p[0] * p[1] * p[1] * p[6]), modulus));
  CHECK_FALSE(checks::has_factor_of(modulus, modulus));
  CHECK_FALSE(checks::has_factor_of("", modulus));
  CHECK_FALSE(checks::has_factor_of(octets(others), ""));
}

TEST_CASE("a pool finds what a comparison of all pairs finds") {
  const auto p = primes(220);
  std::vector<std::string> moduli;
  checks::ModulusPool pool;
  for (std::size_t i = 0; i + 1 < p.size(); i += 2) moduli.push_back(octets(p[i] * p[i + 1]));
  // Some share a prime with an earlier one, near and far.
  for (const auto& [one, other] : {std::pair(3U, 200U), {4U, 6U}, {150U, 151U}, {0U, 219U}, {7U, 100U}})
    moduli.push_back(octets(p[one] * p[other]));
  for (const auto& modulus : moduli) {
    pool.add(modulus);
    pool.add(modulus);
  }
  std::size_t sharing = 0;
  for (const auto& modulus : moduli) {
    std::set<std::string> expected;
    for (const auto& other : moduli) {
      if (checks::have_common_factor(modulus, other)) expected.insert(other);
    }
    const auto found = pool.sharing_with(modulus);
    CHECK(found.size() == expected.size());
    CHECK(std::set(found.begin(), found.end()) == expected);
    sharing += found.size();
  }
  CHECK(sharing >= 10);
  CHECK(pool.sharing_with(octets(p[0] * p[2])).empty());
  CHECK(pool.sharing_with("").empty());
}

TEST_CASE("of many moduli that share a prime, each is found and few are kept") {
  const auto p = primes(102);
  std::vector<std::string> moduli;
  checks::ModulusPool pool;
  for (std::size_t i = 0; i < 100; ++i) moduli.push_back(octets(p[100] * p[i]));
  // This one shares a prime only with the last.
  moduli.push_back(octets(p[99] * p[101]));
  for (const auto& modulus : moduli) pool.add(modulus);
  for (const auto& modulus : moduli) {
    CHECK_FALSE(pool.sharing_with(modulus).empty());
    CHECK(pool.sharing_with(modulus).size() <= 8);
  }
}
