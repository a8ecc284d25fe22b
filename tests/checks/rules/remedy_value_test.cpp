// Where a remedy says what to write in p=, a record that has it is right.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "checks/record/key_record.hpp"
#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
using checks::RecordFault;

namespace {

std::string key(const std::string& name) {
  std::ifstream file(std::filesystem::path(DKIMPROBE_VECTORS) / "keys" / (name + ".b64"));
  std::string line;
  REQUIRE(std::getline(file, line));
  return line;
}

/// What stands between the first two backquotes of the remedy for `fault`.
std::string told(const std::string& text, RecordFault fault) {
  const auto record = checks::read_key_record(text);
  const auto found = std::ranges::find(record.faults, fault, &checks::TextFault::fault);
  REQUIRE(found != record.faults.end());
  const auto begin = found->remedy.str().find('`') + 1;
  return found->remedy.str().substr(begin, found->remedy.str().find('`', begin) - begin);
}

}  // namespace

TEST_CASE("the remedy's prefix turns a bare RSA key into the same key in the form that verifiers accept") {
  const std::string bare = key("rsa2048_pkcs1");
  const std::string head = told("v=DKIM1; k=rsa; p=" + bare, RecordFault::key_pkcs1_encoding);
  const auto mended = checks::read_key_record("v=DKIM1; k=rsa; p=" + head + bare);
  CHECK(mended.faults.empty());
  REQUIRE(mended.key);
  CHECK(mended.key->sha256 == checks::read_key_record("v=DKIM1; k=rsa; p=" + key("rsa2048")).key->sha256);
}

TEST_CASE("the remedy for a wrapped Ed25519 key gives the bare key") {
  const std::string tag = told("v=DKIM1; k=ed25519; p=" + key("ed25519_spki"), RecordFault::key_ed25519_spki);
  const auto mended = checks::read_key_record("v=DKIM1; k=ed25519; " + tag);
  CHECK(mended.faults.empty());
  CHECK(tag == "p=" + key("ed25519"));
}
