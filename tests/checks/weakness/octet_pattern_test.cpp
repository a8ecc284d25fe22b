#include "checks/weakness/octet_pattern.hpp"

#include <string>

#include <openssl/sha.h>

#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;

namespace {

/// Octets without a pattern, none of them zero.
std::string octets(std::size_t size) {
  std::string bytes;
  while (bytes.size() < size) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    const std::string seed = std::to_string(bytes.size());
    SHA256(reinterpret_cast<const unsigned char*>(seed.data()), seed.size(), digest);
    for (const unsigned char octet : digest) bytes.push_back(static_cast<char>(octet == 0 ? 0x5a : octet));
  }
  bytes.resize(size);
  return bytes;
}

std::string with_zeros(std::string bytes, std::size_t first, std::size_t distance) {
  for (std::size_t i = first; i < bytes.size(); i += distance) bytes[i] = '\0';
  return bytes;
}

}  // namespace

TEST_CASE("zero octets at regular places of the lower half are found at any distance") {
  CHECK(checks::find_zero_octets(octets(256)) == std::nullopt);
  for (const std::size_t distance : {2U, 3U, 4U, 8U, 16U}) {
    INFO(distance);
    CHECK(checks::find_zero_octets(with_zeros(octets(256), 1, distance)) == distance);
    CHECK(checks::find_zero_octets(with_zeros(octets(256), 128, distance)) == distance);
    CHECK(checks::find_zero_octets(with_zeros(octets(256), 127 + distance, distance)) == distance);
    auto one_is_missing = with_zeros(octets(256), 128, distance);
    one_is_missing[128 + distance * 5] = 'x';
    CHECK(checks::find_zero_octets(one_is_missing) != distance);
  }
  // Seven may be chance.
  CHECK(checks::find_zero_octets(with_zeros(octets(256), 128, 17)) == std::nullopt);
  CHECK(checks::find_zero_octets("") == std::nullopt);
}

TEST_CASE("a repeated sequence of twelve octets is found") {
  std::string bytes = octets(256);
  CHECK_FALSE(checks::find_repeated_octets(bytes));
  bytes.replace(100, 11, bytes.substr(60, 11));
  CHECK_FALSE(checks::find_repeated_octets(bytes));
  bytes.replace(100, 12, bytes.substr(60, 12));
  const auto repeated = checks::find_repeated_octets(bytes);
  REQUIRE(repeated);
  CHECK(repeated->offset == 60);
  CHECK(repeated->length == 52);
  CHECK(repeated->distance == 40);
  const auto zeros = checks::find_repeated_octets(octets(20) + std::string(13, '\0') + octets(40).substr(20));
  REQUIRE(zeros);
  CHECK(zeros->offset == 20);
  CHECK(zeros->length == 13);
  CHECK(zeros->distance == 1);
  CHECK_FALSE(checks::find_repeated_octets(octets(20) + std::string(12, '\0') + octets(40).substr(20)));
  CHECK_FALSE(checks::find_repeated_octets(""));
}

TEST_CASE("bits that are far from balanced are found") {
  CHECK_FALSE(checks::find_bit_bias(octets(256)));
  CHECK_FALSE(checks::find_bit_bias(""));
  CHECK_FALSE(checks::find_bit_bias(std::string(256, '\x55')));
  const auto few = checks::find_bit_bias(std::string(256, '\x22'));
  REQUIRE(few);
  CHECK(few->ones == 512);
  CHECK(few->bits == 2046);
  CHECK(checks::find_bit_bias(std::string(256, '\xdd')));
  // 1024 of 2048 are expected, with a standard deviation of 22.6.
  CHECK_FALSE(checks::find_bit_bias(std::string(39, '\xff') + std::string(217, '\x55')));
  CHECK(checks::find_bit_bias(std::string(40, '\xff') + std::string(216, '\x55')));
}
