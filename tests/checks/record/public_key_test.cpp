#include "checks/record/public_key.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include "checks/record/digest.hpp"
#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
using checks::KeyForm;

namespace {

std::string key_bytes(const std::string& name) {
  std::ifstream stream(std::filesystem::path(DKIMPROBE_VECTORS) / "keys" / (name + ".b64"));
  std::string text;
  REQUIRE(std::getline(stream, text));
  const auto base64 = checks::decode_base64(text);
  REQUIRE(base64.strict());
  return base64.bytes;
}

}  // namespace

TEST_CASE("keys are read with their form, size and exponent") {
  struct Case {
    std::string name;
    KeyForm form;
    std::uint32_t bits;
    std::uint64_t exponent;
  };
  const auto given = GENERATE(
      Case{"rsa512", KeyForm::rsa_spki, 512, 65537}, Case{"rsa1024", KeyForm::rsa_spki, 1024, 65537},
      Case{"rsa2047", KeyForm::rsa_spki, 2047, 65537}, Case{"rsa2048", KeyForm::rsa_spki, 2048, 65537},
      Case{"rsa2048_pkcs1", KeyForm::rsa_pkcs1, 2048, 65537}, Case{"rsa2048_e3", KeyForm::rsa_spki, 2048, 3},
      Case{"rsa2048_e1", KeyForm::rsa_spki, 2048, 1}, Case{"rsa8192", KeyForm::rsa_spki, 8192, 65537},
      Case{"ed25519", KeyForm::ed25519_raw, 256, 0}, Case{"ed25519_spki", KeyForm::ed25519_spki, 256, 0},
      Case{"ec_p256", KeyForm::other, 0, 0}, Case{"rsa2048_private", KeyForm::private_key, 0, 0});
  INFO(given.name);
  const auto key = checks::read_public_key(key_bytes(given.name));
  CHECK(key.form == given.form);
  CHECK(key.bits == given.bits);
  CHECK(key.exponent.value_or(0) == given.exponent);
}

TEST_CASE("a key has one fingerprint in each of its forms, the one of its SubjectPublicKeyInfo") {
  const auto spki = key_bytes("rsa2048");
  CHECK(checks::read_public_key(spki).sha256 == checks::sha256_hex(spki));
  CHECK(checks::read_public_key(key_bytes("rsa2048_pkcs1")).sha256 == checks::sha256_hex(spki));
  CHECK(checks::read_public_key(key_bytes("rsa2048_trailing")).sha256 == checks::sha256_hex(spki));
  const auto wrapped = key_bytes("ed25519_spki");
  CHECK(checks::read_public_key(wrapped).sha256 == checks::sha256_hex(wrapped));
  CHECK(checks::read_public_key(key_bytes("ed25519")).sha256 == checks::sha256_hex(wrapped));
}

TEST_CASE("base64 is read strictly, and each error is reported") {
  using Padding = checks::Base64Text::Padding;
  CHECK(checks::decode_base64("Zm9v").bytes == "foo");
  CHECK(checks::decode_base64("Zm8=").bytes == "fo");
  CHECK(checks::decode_base64("Zg==").bytes == "f");
  CHECK(checks::decode_base64("Zg").padding == Padding::missing);
  CHECK(checks::decode_base64("Zm9vY").padding == Padding::cut);
  CHECK(checks::decode_base64("Zg=").padding == Padding::wrong);
  CHECK(checks::decode_base64("Zm9v=").padding == Padding::wrong);
  CHECK(checks::decode_base64("Zg==Zg==").padding == Padding::wrong);
  CHECK(checks::decode_base64("Zm 9v").first_space == 2U);
  CHECK(checks::decode_base64("Zm*9v").first_junk == 2U);
  CHECK(checks::decode_base64("-_-_").bytes == checks::decode_base64("+/+/").bytes);
  CHECK_FALSE(checks::decode_base64("-_-_").strict());
  CHECK(checks::decode_base64("").bytes.empty());
}

TEST_CASE("a truncated key is reported as cut off, and no part of it as a key") {
  const std::string name = GENERATE(as<std::string>{}, "rsa1024", "rsa2048", "rsa2048_pkcs1", "ec_p256",
                                    "ed25519_spki", "rsa8192");
  const std::string whole = key_bytes(name);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    if (size == 32) continue;                    // 32 octets may be an Ed25519 key
    const std::string part(whole.data(), size);  // of exactly this size, so that a read beyond it is seen
    INFO(name << " cut at " << size);
    const auto key = checks::read_public_key(part);
    CHECK(key.form == KeyForm::truncated);
    CHECK(key.missing_bytes > 0);
  }
}

TEST_CASE("a key with any octet changed is read safely") {
  const std::string name =
      GENERATE(as<std::string>{}, "rsa1024", "rsa2048_pkcs1", "ec_p256", "ed25519_spki", "rsa2048_private");
  const std::string whole = key_bytes(name);
  std::size_t keys = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int value : {0x00, 0x01, 0x02, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff}) {
      std::string changed = whole;
      changed[i] = static_cast<char>(value);
      const auto key = checks::read_public_key(changed);
      if (key.is_rsa()) CHECK(key.bits <= 8 * whole.size());
      ++keys;
    }
  }
  CHECK(keys == whole.size() * 10);
}
