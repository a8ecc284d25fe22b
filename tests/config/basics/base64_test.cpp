#include "config/basics/base64.hpp"

#include <string>

#include <rapidcheck.h>

#include "tests/catch.hpp"

using namespace dkimprobe::config;

namespace {

std::string decoded(std::string_view text, std::size_t room = 100'000) {
  std::string bytes(room, '\0');
  const auto size = decode_base64(text, bytes);
  if (!size) return "none";
  bytes.resize(*size);
  return bytes;
}

}  // namespace

TEST_CASE("base64 matches the vectors of RFC 4648 section 10") {
  const auto [octets, text] = GENERATE(table<std::string, std::string>({{"", ""},
                                                                        {"f", "Zg=="},
                                                                        {"fo", "Zm8="},
                                                                        {"foo", "Zm9v"},
                                                                        {"foob", "Zm9vYg=="},
                                                                        {"fooba", "Zm9vYmE="},
                                                                        {"foobar", "Zm9vYmFy"}}));
  CHECK(encode_base64(octets) == text);
  CHECK(decoded(text) == octets);
}

TEST_CASE("base64 errors are distinguished, and the limit of the buffer is respected") {
  CHECK(decoded("Zm 9v\r\n\tYg = =") == "foob");
  const auto bad = GENERATE("Zg", "Zg=", "Zg===", "Z", "Zg==Zg==", "Zm9!", "Zm_v", "====");
  INFO(bad);
  CHECK(decoded(bad) == "none");
  CHECK(decoded("Zm9v", 2) == "none");
  CHECK(decoded("Zm9v", 3) == "foo");
}

TEST_CASE("any octets survive base64 encoding and decoding") {
  CHECK(rc::check([](const std::string& octets) { RC_ASSERT(decoded(encode_base64(octets)) == octets); }));
}

TEST_CASE("a reading goes on after each fault, and counts the octets that do not fit into the room") {
  std::string bytes(4, '?');
  const auto reading = read_base64("Zm 9*v-_!A", std::span(bytes).first(4));
  CHECK(bytes == "foo\xfb");
  CHECK(reading.size == 5);
  CHECK(reading.first_space == 2U);
  CHECK(reading.first_junk == 4U);
  CHECK(reading.junk_count == 2);
  CHECK(reading.first_url_safe == 6U);
  CHECK(reading.padding == Base64Reading::Padding::missing);
}
