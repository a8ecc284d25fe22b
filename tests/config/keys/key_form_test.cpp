#include "config/keys/key_form.hpp"

#include <string>

#include <openssl/asn1.h>

#include "config/keys/der.hpp"
#include "tests/catch.hpp"
#include "tests/config/keys/key_bytes.hpp"

using namespace dkimprobe::config;
using dkimprobe::tests::key_bytes;

namespace {

/// A SEQUENCE of empty elements: I(NTEGER), O(CTET STRING), B(IT STRING), S(EQUENCE).
std::string sequence_of(std::string_view letters) {
  std::string body;
  for (const char letter : letters) {
    body += make_element(letter == 'I'   ? V_ASN1_INTEGER
                         : letter == 'O' ? V_ASN1_OCTET_STRING
                         : letter == 'B' ? V_ASN1_BIT_STRING
                                         : V_ASN1_SEQUENCE,
                         "");
  }
  return make_element(V_ASN1_SEQUENCE, body);
}

}  // namespace

TEST_CASE("each file is of the form that its name says") {
  const auto [name, form] = GENERATE(table<std::string, KeyForm>({
      {"rsa2048_pkcs8.pem", KeyForm::private_key},
      {"rsa2048_pkcs8.der", KeyForm::private_key},
      {"rsa2048_pkcs1.der", KeyForm::private_key},
      {"rsa2048_encrypted.der", KeyForm::private_key},
      {"rsa2048_encrypted_pkcs1.pem", KeyForm::private_key},
      {"ec_p256.pem", KeyForm::private_key},
      {"rsa2048_public.pem", KeyForm::public_key},
      {"rsa2048_public.der", KeyForm::public_key},
      {"ec_p256_public.pem", KeyForm::public_key},
      {"README.md", KeyForm::other},
  }));
  INFO(name);
  CHECK(key_form(key_bytes(name)) == form);
}

TEST_CASE("the types of a SEQUENCE's elements show what DER holds") {
  const auto [types, content] = GENERATE(table<std::string, DerContent>({
      {"SO", DerContent::encrypted_pkcs8},
      {"SB", DerContent::spki},
      {"SSB", DerContent::certificate},
      {"IO", DerContent::ec_private},
      {"ISO", DerContent::pkcs8},
      {"ISOS", DerContent::pkcs8},
      {"IS", DerContent::pkcs12},
      {"ISS", DerContent::pkcs12},
      {"II", DerContent::rsa_public},
      {"IIS", DerContent::rsa_public},
      {"IIIIII", DerContent::dsa_private},
      {"IIIIIIIII", DerContent::rsa_private},
      {"IIIIIIIIIS", DerContent::rsa_private},
      {"III", DerContent::unknown},
      {"IIIIIII", DerContent::unknown},
      {"I", DerContent::unknown},
      {"", DerContent::unknown},
      {"OO", DerContent::unknown},
      {"IB", DerContent::unknown},
  }));
  INFO(types);
  CHECK(content_of(sequence_of(types)) == content);
}

TEST_CASE("octets after the SEQUENCE make it unknown") {
  CHECK(content_of(sequence_of("SB") + '\0') == DerContent::unknown);
}

TEST_CASE("a file that is not a key is named if it is known") {
  CHECK(name_other_form("-----BEGIN CERTIFICATE-----\n") == "a certificate or a certificate request");
  CHECK(name_other_form(sequence_of("IS")) == "a PKCS#12 file");
  CHECK(name_other_form(key_bytes("README.md")).empty());
}
