#include "checks/record/ed25519_point.hpp"

#include <string>

#include "checks/record/public_key.hpp"
#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
using checks::PointState;

namespace {

std::string point_of(const char* base64) {
  return checks::decode_base64(base64).bytes;
}

std::string little_endian(int first, char others, int last) {
  std::string octets(32, others);
  octets.front() = static_cast<char>(first);
  octets.back() = static_cast<char>(last);
  return octets;
}

}  // namespace

TEST_CASE("the public keys of RFC 8032 section 7.1 are valid points") {
  for (const char* const key :
       {"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
        "/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=", "J4EX/BRMcjQPZ9DyMW6Dhs7/vyskKMnFH+98WX8dQm4=",
        "7Bcrk61eVjv0kyxw4SRQNMNUZ+8u/U1k6/gZaDRn4r8="}) {
    INFO(key);
    CHECK(checks::judge_point(point_of(key)) == PointState::good);
  }
}

TEST_CASE("small numbers are y of a point as computed by hand from the curve equation") {
  for (const int y : {3, 4, 5, 6, 9}) {
    INFO(y);
    CHECK(checks::judge_point(little_endian(y, 0, 0)) == PointState::good);
    CHECK(checks::judge_point(little_endian(y, 0, 0x80)) == PointState::good);
  }
  for (const int y : {2, 7, 8}) {
    INFO(y);
    CHECK(checks::judge_point(little_endian(y, 0, 0)) == PointState::not_on_curve);
  }
}

TEST_CASE("points of small order are detected, with either sign and in non-canonical encodings") {
  const char all = static_cast<char>(0xff);
  for (const int sign : {0x00, 0x80}) {
    INFO(sign);
    CHECK(checks::judge_point(little_endian(0, 0, sign)) == PointState::small_order);
    CHECK(checks::judge_point(little_endian(1, 0, sign)) == PointState::small_order);
    for (const int first : {0xec, 0xed, 0xee}) {
      CHECK(checks::judge_point(little_endian(first, all, 0x7f | sign)) == PointState::small_order);
    }
  }
  CHECK(checks::judge_point(point_of("JuiVj8KyJ7BFw/SJ8u+Y8NXfrAXTxjM5sTgCiG1T/AU=")) ==
        PointState::small_order);
  CHECK(checks::judge_point(point_of("xxdqcD1N2E+6PAt2DRBnDyogU/osOczGTsf9d5KsA3o=")) ==
        PointState::small_order);
}

TEST_CASE("a number not below the prime is not an encoding, although 3 would be a valid y") {
  CHECK(checks::judge_point(little_endian(0xf0, static_cast<char>(0xff), 0x7f)) == PointState::not_on_curve);
}
