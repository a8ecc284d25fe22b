#include "config/keys/public_key.hpp"

#include <string>

#include <openssl/asn1.h>

#include "config/keys/der.hpp"
#include "config/keys/private_key.hpp"
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

TEST_CASE("an ML-DSA-44 key has one identity as 1312 octets and as SubjectPublicKeyInfo") {
  const std::string octets(1312, 'x');
  const std::string algorithm("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11");
  const auto spki_of = [&](const std::string& bits) {
    return make_element(V_ASN1_SEQUENCE, algorithm + make_element(V_ASN1_BIT_STRING, bits));
  };
  const auto raw = read_public_key_bytes(octets);
  REQUIRE(raw);
  CHECK(raw->algorithm == "mldsa44");
  CHECK(raw->bits == 10'496);
  CHECK(raw->spki == spki_of(std::string(1, '\0') + octets));
  const auto wrapped = read_public_key_bytes(raw->spki);
  REQUIRE(wrapped);
  CHECK(*wrapped == *raw);
  CHECK(wrapped->spki == raw->spki);
  CHECK(read_public_key_bytes(octets + "x").error().front().message ==
        "this is not a public key in PEM or DER (BEGIN PUBLIC KEY)");
  CHECK(read_public_key_bytes(spki_of(std::string(1, '\0') + octets + "x")).error().front().message ==
        "an ML-DSA-44 key has 1312 octets, this has 1313");
  CHECK(read_public_key_bytes(spki_of(octets)).error().front().message == "this public key is corrupted");
  // A private key, as RFC 9881 section 6 wraps it.
  const std::string secret =
      make_element(V_ASN1_SEQUENCE, make_element(V_ASN1_INTEGER, std::string(1, '\0')) + algorithm +
                                        make_element(V_ASN1_OCTET_STRING, std::string(34, 'x')));
  CHECK(read_private_key_bytes(secret, "key", {}).error().front().message ==
        "this is an ML-DSA-44 private key, which cannot be read; give its public key");
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
