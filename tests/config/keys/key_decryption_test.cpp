#include "config/keys/key_decryption.hpp"

#include "config/keys/key_form.hpp"
#include "config/keys/pem_block.hpp"
#include "tests/catch.hpp"
#include "tests/config/keys/key_bytes.hpp"

using namespace dkimprobe::config;
using dkimprobe::tests::key_bytes;

TEST_CASE("PKCS#8 is decrypted with the right passphrase alone") {
  const std::string sealed = key_bytes("rsa2048_encrypted.der");
  SecretBytes plain(longest_key_file);
  REQUIRE(decrypt_pkcs8(sealed, "secret", plain));
  CHECK(plain.view() == key_bytes("rsa2048_pkcs8.der"));
  CHECK(decrypt_pkcs8(sealed, "Secret", plain).error() == wrong_passphrase().value());
  const auto corrupted = decrypt_pkcs8(sealed.substr(1), "secret", plain);
  REQUIRE_FALSE(corrupted);
  CHECK(corrupted.error().front().message == "this encrypted key is corrupted");
}

TEST_CASE("a PEM block of the time before PKCS#8 is decrypted") {
  const std::string text = key_bytes("rsa2048_encrypted_pkcs1.pem");
  const auto block = find_block(text, "PRIVATE KEY");
  REQUIRE(block);
  SecretBytes sealed(longest_key_file);
  REQUIRE(decode_block(*block, sealed));
  SecretBytes plain(longest_key_file);
  REQUIRE(decrypt_block(block->headers, sealed.view(), "secret", plain));
  CHECK(content_of(plain.view()) == DerContent::rsa_private);
  const auto corrupted = decrypt_block("DEK-Info: AES-256-CBC,0011\n", sealed.view(), "secret", plain);
  REQUIRE_FALSE(corrupted);
  CHECK_THAT(corrupted.error().front().message, ContainsSubstring("initialization vector of AES-256-CBC"));
}
