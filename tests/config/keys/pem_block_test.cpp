#include "config/keys/pem_block.hpp"

#include "tests/catch.hpp"
#include "tests/config/keys/key_bytes.hpp"

using namespace dkimprobe::config;
using dkimprobe::tests::key_bytes;

TEST_CASE("a PEM block is found by the end of its label, after comments and other blocks") {
  const std::string text = "a comment\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" +
                           key_bytes("rsa2048_pkcs1.pem");
  const auto block = find_block(text, "PRIVATE KEY");
  REQUIRE(block);
  CHECK(block->label == "RSA PRIVATE KEY");
  CHECK(block->ends);
  CHECK(block->headers.empty());
  SecretBytes der(longest_key_file);
  REQUIRE(decode_block(*block, der));
  CHECK(der.view() == key_bytes("rsa2048_pkcs1.der"));
  CHECK_FALSE(find_block(text, "PUBLIC KEY"));
}

TEST_CASE("the header fields of a PEM block are apart from its text") {
  const std::string text = key_bytes("rsa2048_encrypted_pkcs1.pem");
  const auto block = find_block(text, "PRIVATE KEY");
  REQUIRE(block);
  CHECK(header_field(block->headers, "Proc-Type") == "4,ENCRYPTED");
  CHECK(header_field(block->headers, "Content-Domain").empty());
  CHECK(block->text.find(':') == std::string_view::npos);
}

TEST_CASE("a PEM block that is cut off or not base64 is an error") {
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"-----BEGIN PRIVATE KEY-----\nAAAA\n", "END PRIVATE KEY is missing: the text of the key is cut off"},
      {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
       "END PRIVATE KEY is missing: the text of the key is cut off"},
      {"-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n",
       "the text after BEGIN PRIVATE KEY is not base64"},
  }));
  const auto block = find_block(text, "PRIVATE KEY");
  REQUIRE(block);
  SecretBytes der(longest_key_file);
  const auto decoded = decode_block(*block, der);
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().front().message == message);
}
