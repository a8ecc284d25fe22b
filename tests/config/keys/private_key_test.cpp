#include "config/keys/private_key.hpp"

#include "config/keys/public_key.hpp"
#include "tests/catch.hpp"
#include "tests/config/keys/key_bytes.hpp"

using namespace dkimprobe::config;
using dkimprobe::tests::key_bytes;

TEST_CASE("a private key has the identity of its public key in every format") {
  const auto [name, public_name] = GENERATE(table<std::string, std::string>({
      {"rsa2048_pkcs8.pem", "rsa2048_public.pem"},
      {"rsa2048_pkcs8.der", "rsa2048_public.pem"},
      {"rsa2048_pkcs1.pem", "rsa2048_public.pem"},
      {"rsa2048_pkcs1.der", "rsa2048_public.pem"},
      {"ed25519.pem", "ed25519_public.pem"},
  }));
  INFO(name);
  const auto key = read_private_key_bytes(key_bytes(name), name, NoPassphrase{});
  REQUIRE(key);
  CHECK(key->identity == *read_public_key_bytes(key_bytes(public_name)));
}

TEST_CASE("a key whose numbers do not belong together is corrupted") {
  std::string bytes = key_bytes("rsa2048_pkcs1.der");
  bytes[40] = static_cast<char>(bytes[40] ^ 1);  // in the modulus
  const auto key = read_private_key_bytes(bytes, "it", NoPassphrase{});
  REQUIRE_FALSE(key);
  CHECK(key.error().front().message == "this RSA key is corrupted: its numbers do not belong together");
}

TEST_CASE("an encrypted key needs a passphrase") {
  const auto key = read_private_key_bytes(key_bytes("rsa2048_encrypted.pem"), "it", NoPassphrase{});
  CHECK_FALSE(key);
}
