#include "config/domain_settings.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/catch.hpp"
#include "tests/config/keys/key_bytes.hpp"
#include "tests/config/settings_reading.hpp"

using namespace dkimprobe::config;
namespace fs = std::filesystem;

namespace {

/// A selector of example.com whose expected key is as given.
Result<Settings> with_key(const std::string& key) {
  return read_settings(
      "domains: [{domain: example.com, selectors: [{name: s1, expected_key: {" + key + "}}]}]\n",
      vectors / "test.yaml", vocabulary);
}

}  // namespace

TEST_CASE("a date is not in the future once the day has begun") {
  const auto read_at = [](const char* now) {
    return read_settings("domains: [{domain: example.com, selectors: [{name: s1, since: 2026-11-22}]}]\n",
                         "s.yaml", Vocabulary{{}, parse_timestamp(now)->first});
  };
  CHECK(read_at("2026-11-22T00:00:00Z"));
  CHECK_FALSE(read_at("2026-11-21T23:59:59Z"));
}

TEST_CASE("the last signature may be today, though a day counts to its end") {
  const auto read_at = [](const char* now) {
    return read_settings(
        "domains: [{domain: example.com, selectors: [{name: s1, role: retired, since: 2026-11-22, "
        "last_signature: 2026-11-22}]}]\n",
        "s.yaml", Vocabulary{{}, parse_timestamp(now)->first});
  };
  CHECK(read_at("2026-11-22T00:00:00Z"));
  const auto before = read_at("2026-11-21T23:59:59Z");
  REQUIRE_FALSE(before);
  CHECK(before.error().size() == 2);
}

TEST_CASE("the same key has the same fingerprint in every form in which it may be given") {
  const auto given =
      GENERATE("private_key: ../keys/rsa2048_pkcs8.pem", "private_key: ../keys/rsa2048_pkcs8.der",
               "private_key: ../keys/rsa2048_pkcs1.pem", "private_key: ../keys/rsa2048_pkcs1.der",
               "public_key: ../keys/rsa2048_public.pem", "public_key: ../keys/rsa2048_public.der");
  INFO(given);
  const auto settings = with_key(given);
  if (!settings) FAIL(lines_of(settings.error()));
  CHECK(summary_of(settings->domains.front().selectors.front().expected_key) == rsa_key);
  CHECK(settings->domains.front().selectors.front().expected_key->spki ==
        dkimprobe::tests::key_bytes("rsa2048_public.der"));
}

TEST_CASE("an encrypted key is decrypted with the passphrase file that the settings name") {
  const fs::path folder = fs::temp_directory_path() / fmt::format("dkimprobe-passphrase-{}", getpid());
  fs::create_directories(folder);
  const fs::path passphrase = folder / "passphrase";
  std::ofstream(passphrase) << "secret\nnot this line\n";
  const auto given =
      GENERATE("rsa2048_encrypted.pem", "rsa2048_encrypted.der", "rsa2048_encrypted_pkcs1.pem");
  const auto settings_with = [&](mode_t mode) {
    REQUIRE(chmod(passphrase.c_str(), mode) == 0);
    return with_key(fmt::format("private_key: ../keys/{}, passphrase_file: {}", given, passphrase.string()));
  };
  INFO(given);
  const auto settings = settings_with(0600);
  if (!settings) FAIL(lines_of(settings.error()));
  CHECK(summary_of(settings->domains.front().selectors.front().expected_key) == rsa_key);
  const auto others = settings_with(0644);
  REQUIRE(others);
  CHECK(others->warnings.size() == settings->warnings.size() + 1);
  CHECK(others->warnings.front().message ==
        "the group or everybody can read the passphrase; chmod 600 " + passphrase.string());
  fs::remove_all(folder);
}

TEST_CASE("a fingerprint may be in upper case and in pairs") {
  std::string pairs;
  for (std::size_t i = 0; i < 64; i += 2)
    pairs += std::string(i == 0 ? "" : ":") + std::string(rsa_sha256).substr(i, 2);
  std::transform(pairs.begin(), pairs.end(), pairs.begin(),
                 [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  const auto settings = with_key("sha256: \"" + pairs + "\"");
  if (!settings) FAIL(lines_of(settings.error()));
  CHECK(settings->domains.front().selectors.front().expected_key->sha256 == rsa_sha256);
  CHECK_FALSE(with_key("sha256: \"" + pairs + ":\""));
  CHECK_FALSE(with_key("sha256: \":" + pairs + "\""));
}

TEST_CASE("an Ed25519 private key and its record give the same key") {
  const auto settings = with_key("private_key: ../keys/ed25519.pem");
  if (!settings) FAIL(lines_of(settings.error()));
  CHECK(summary_of(settings->domains.front().selectors.front().expected_key) == ed25519_key);
}

TEST_CASE("a private key that others can read is loaded with a warning") {
  const fs::path folder = fs::temp_directory_path() / fmt::format("dkimprobe-settings-{}", getpid());
  fs::create_directories(folder);
  const fs::path key = folder / "s1.pem";
  fs::copy_file(vectors / "../keys/ed25519.pem", key, fs::copy_options::overwrite_existing);
  const std::string text =
      "domains: [{domain: example.com, selectors: [{name: s1, expected_key: {private_key: s1.pem}}]}]\n";
  const auto warnings = [&](mode_t mode) {
    REQUIRE(chmod(key.c_str(), mode) == 0);
    const auto settings = read_settings(text, folder / "settings.yaml", vocabulary);
    REQUIRE(settings);
    return settings->warnings;
  };
  CHECK(warnings(0600).empty());
  CHECK(warnings(0400).empty());
  for (const mode_t mode : {0640U, 0604U, 0644U}) {
    const auto found = warnings(mode);
    REQUIRE(found.size() == 1);
    CHECK(found.front().where ==
          (folder / "settings.yaml").string() + ":1:84: domains.selectors.expected_key.private_key");
    CHECK(found.front().message ==
          "the group or everybody can read the private key; chmod 600 " + key.string());
  }
  fs::remove_all(folder);
}
