#include "config/keys/public_key.hpp"

#include <string>

#include "tests/catch.hpp"
#include "tests/config/keys/key_bytes.hpp"

using namespace dkimprobe::config;
using dkimprobe::tests::key_bytes;

TEST_CASE("a public key has one identity in PEM and DER") {
  const auto pem = read_public_key_bytes(key_bytes("rsa2048_public.pem"));
  const auto der = read_public_key_bytes(key_bytes("rsa2048_public.der"));
  REQUIRE(pem);
  REQUIRE(der);
  CHECK(*pem == *der);
  CHECK(der->algorithm == "rsa");
  CHECK(der->bits == 2048);
  CHECK(der->spki == key_bytes("rsa2048_public.der"));
}

TEST_CASE("a raw Ed25519 key has 32 octets") {
  const auto key = read_public_key_bytes(key_bytes("ed25519_public.pem"));
  REQUIRE(key);
  CHECK(key->algorithm == "ed25519");
  CHECK(key->bits == 256);
  const auto raw = read_raw_ed25519(key->spki.substr(key->spki.size() - 32));
  REQUIRE(raw);
  CHECK(*raw == *key);
  CHECK(read_raw_ed25519(std::string(31, 'x')).error().front().message ==
        "an Ed25519 key has 32 octets, this has 31");
}

TEST_CASE("what is not a public key is named") {
  const auto [name, message] = GENERATE(table<std::string, std::string>({
      {"rsa2048_pkcs8.pem", "this is a private key; give its file as private_key"},
      {"rsa2048_pkcs8.der", "this is a private key; give its file as private_key"},
      {"ec_p256_public.pem",
       "this is a key for EC on the curve prime256v1; DKIM supports only RSA and Ed25519 (RFC 8463)"},
      {"README.md", "this is not a public key in PEM or DER (BEGIN PUBLIC KEY)"},
  }));
  INFO(name);
  const auto key = read_public_key_bytes(key_bytes(name));
  REQUIRE_FALSE(key);
  CHECK(key.error().front().message == message);
}
