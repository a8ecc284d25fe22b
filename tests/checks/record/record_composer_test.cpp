#include "checks/record/record_composer.hpp"

#include <fstream>
#include <string>

#include <rapidcheck.h>

#include "checks/catalogue/catalogue.hpp"
#include "checks/judgement/judge.hpp"
#include "config/keys/expected_key.hpp"
#include "tests/catch.hpp"

using namespace dkimprobe;
using checks::KeyRecordTags;

namespace {

/// The key of a vector, read from a record as an operator would give it.
config::KeyIdentity key_of(const std::string& file, const std::string& type) {
  std::ifstream stream(DKIMPROBE_VECTORS "/keys/" + file + ".b64");
  std::string text;
  REQUIRE(std::getline(stream, text));
  return config::read_expected_record("k=" + type + "; p=" + text).value();
}

/// The names of what is found, at a name that leaves room.
std::vector<std::string> findings(const std::string& text, const config::KeyIdentity& key) {
  checks::Expectation expectation;
  expectation.role = config::Role::pending;
  expectation.key_sha256 = key.sha256;
  const auto place = checks::place_of(config::DomainName::parse("s1._domainkey.example.com").value());
  std::vector<std::string> names;
  for (const auto& finding :
       checks::judge_record(place, checks::strings_of(text), expectation, {}).findings) {
    names.emplace_back(finding.check->name);
  }
  return names;
}

}  // namespace

TEST_CASE("a composed record has the required and the requested tags, with the key last") {
  const auto rsa = key_of("rsa2048", "rsa");
  const auto ed25519 = key_of("ed25519", "ed25519");
  const std::string record = checks::compose_key_record(rsa, {});
  CHECK(record.starts_with("v=DKIM1; p=MII"));
  CHECK(config::read_expected_record(record).value() == rsa);
  CHECK(checks::compose_key_record(ed25519, {}).starts_with("v=DKIM1; k=ed25519; p="));
  CHECK(config::read_expected_record(checks::compose_key_record(ed25519, {})).value() == ed25519);
  CHECK(checks::compose_key_record(ed25519, {{"sha256"}, {"email", "tlsrpt"}, {"y", "s"}, "a b;"})
            .starts_with("v=DKIM1; h=sha256; k=ed25519; s=email:tlsrpt; t=y:s; n=a=20b=3B; p="));
  CHECK(checks::compose_revocation({}) == "v=DKIM1; p=");
  CHECK(checks::compose_revocation({{}, {}, {}, "gone"}) == "v=DKIM1; n=gone; p=");
}

TEST_CASE("the record of a key for DKIM2 alone has its octets, and says what it is") {
  const auto key = key_of("mldsa44", "mldsa44");
  const std::string record = checks::compose_key_record(key, {});
  CHECK(record.starts_with("v=DKIM1; k=mldsa44; p="));
  CHECK(record.size() == 22 + 1'752);
  CHECK(config::read_expected_record(record).value() == key);
  CHECK(findings(record, key) ==
        std::vector<std::string>{"edns1232_exceeded", "keytype_dkim2_only", "udp512_exceeded"});
}

TEST_CASE("a composed record of a good key has no findings") {
  const auto [file, type] =
      GENERATE(table<std::string, std::string>({{"rsa2048", "rsa"}, {"ed25519", "ed25519"}}));
  const auto key = key_of(file, type);
  CHECK(findings(checks::compose_key_record(key, {}), key).empty());
  CHECK(findings(checks::compose_key_record(key, {{"sha256"}, {"email"}, {"y", "s"}, {}}), key).empty());
  CHECK(findings(checks::compose_key_record(key, {{"sha1"}, {}, {}, {}}), key) ==
        std::vector<std::string>{"hash_excludes_sha256"});
}

TEST_CASE("notes are encoded as quoted-printable, whatever their content") {
  CHECK(checks::encode_notes("") == "");
  CHECK(checks::encode_notes("key-of_2026:a/b") == "key-of_2026:a/b");
  CHECK(checks::encode_notes("a b\tc\r\n") == "a=20b=09c=0D=0A");
  CHECK(checks::encode_notes("50%; x=\"y\" \\ '\x7f\xc3\xbc") == "50%=3B=20x=3D=22y=22=20=5C=20'=7F=C3=BC");
  const auto key = key_of("ed25519", "ed25519");
  CHECK(rc::check([&](const std::string& notes) {
    const auto found = findings(checks::compose_key_record(key, {{}, {}, {}, notes}), key);
    for (const auto& name : found) RC_ASSERT(name == "notes_oversize" || name == "udp512_exceeded");
  }));
}

TEST_CASE("strings have at most 255 octets and together are the complete text") {
  CHECK(checks::strings_of("") == std::vector<std::string>{""});
  CHECK(checks::strings_of(std::string(255, 'a')).size() == 1);
  CHECK(checks::strings_of(std::string(256, 'a')).size() == 2);
  CHECK(checks::strings_of(std::string(510, 'a')).size() == 2);
  CHECK(rc::check([](const std::string& text) {
    std::string joined;
    for (const auto& string : checks::strings_of(text)) {
      RC_ASSERT(string.size() <= 255);
      joined += string;
    }
    RC_ASSERT(joined == text);
  }));
}

TEST_CASE("ADSP policies are composed, and the DMARC policies that replace them") {
  using checks::AdspPolicy;
  CHECK(checks::compose_practices(AdspPolicy::unknown) == "dkim=unknown");
  CHECK(checks::compose_practices(AdspPolicy::all) == "dkim=all");
  CHECK(checks::compose_practices(AdspPolicy::discardable) == "dkim=discardable");
  CHECK(checks::compose_dmarc_in_place_of(AdspPolicy::unknown) == "v=DMARC1; p=none");
  CHECK(checks::compose_dmarc_in_place_of(AdspPolicy::all) == "v=DMARC1; p=quarantine");
  CHECK(checks::compose_dmarc_in_place_of(AdspPolicy::discardable) == "v=DMARC1; p=reject");
}
