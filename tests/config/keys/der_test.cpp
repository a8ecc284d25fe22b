#include "config/keys/der.hpp"

#include <string>

#include <openssl/objects.h>
#include <rapidcheck.h>

#include "tests/catch.hpp"
#include "tests/config/keys/key_bytes.hpp"

using namespace dkimprobe::config;
using dkimprobe::tests::key_bytes;

TEST_CASE("a DER element that was made is taken off again, with what follows it left") {
  CHECK(rc::check([](const std::string& content, const std::string& rest) {
    const std::string made = make_element(V_ASN1_OCTET_STRING, content) + rest;
    std::string_view bytes = made;
    const auto element = take_element(bytes, V_ASN1_OCTET_STRING);
    RC_ASSERT(element.has_value());
    RC_ASSERT(element->content == content);
    RC_ASSERT(bytes == rest);
  }));
}

TEST_CASE("an element never reaches beyond its bytes") {
  CHECK(rc::check([](const std::string& foreign) {
    std::string_view bytes = foreign;
    while (const auto element = take_element(bytes)) {
      RC_ASSERT(element->whole.data() >= foreign.data());
      RC_ASSERT(element->whole.data() + element->whole.size() == bytes.data());
      RC_ASSERT(element->content.size() < element->whole.size());
    }
  }));
}

TEST_CASE("an indefinite length is not DER") {
  std::string_view bytes("\x30\x80\x02\x01\x01\x00\x00", 7);
  CHECK_FALSE(take_element(bytes));
}

TEST_CASE("an element of another type is taken off, but not returned") {
  std::string_view bytes("\x02\x01\x05\x04\x00", 5);
  CHECK_FALSE(take_element(bytes, V_ASN1_OCTET_STRING));
  CHECK(take_element(bytes, V_ASN1_OCTET_STRING));
}

TEST_CASE("the algorithm of a public key is named by its identifier") {
  const std::string key = key_bytes("rsa2048_public.der");
  std::string_view bytes = key;
  std::string_view body = take_element(bytes, V_ASN1_SEQUENCE)->content;
  CHECK(algorithm_of(take_element(body)->content) == NID_rsaEncryption);
  CHECK(algorithm_of("no identifier") == NID_undef);
}
