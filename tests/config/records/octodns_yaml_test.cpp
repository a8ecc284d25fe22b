#include "config/records/octodns_yaml.hpp"

#include "tests/catch.hpp"
#include "tests/config/records/reading.hpp"

using namespace dkimprobe::config;
using namespace dkimprobe::config::testing;

namespace {

using Lines = std::vector<std::string>;

Read octodns(const std::string& text, const ReadingRules& rules = {},
             const std::string& file = "example.com.yaml") {
  return read_text(read_octodns_yaml, text, rules, file);
}

}  // namespace

TEST_CASE("a zone of octoDNS gives its TXT records, split as octoDNS publishes them") {
  const std::string long_text(300, 'x');
  const auto read = octodns(R"(---
? ''
: - type: MX
    values:
    - exchange: mail.example.com.
      preference: 10
  - type: TXT
    value: v=spf1 -all
_adsp._domainkey:
  ttl: 3600
  type: TXT
  value: dkim=all
s1._domainkey:
  octodns:
    cloudflare: {proxied: false}
  type: TXT
  values:
  - v=DKIM1\; k=rsa\; p=MIIB
  - "\"v=DKIM1\\; \" \"p=\""
  - >-
    v=DKIM1\;
    p=folded
'@':
  type: TXT
  values: one
long._domainkey: {type: TXT, value: )" +
                            long_text + "}\n");
  CHECK(read.fault_lines().empty());
  CHECK(read.others == 1);
  CHECK(read.lines() ==
        Lines{"8 example.com|v=spf1 -all", "12 _adsp._domainkey.example.com|dkim=all",
              "18 s1._domainkey.example.com|v=DKIM1; k=rsa; p=MIIB",
              "19 s1._domainkey.example.com|v=DKIM1; p=", "20 s1._domainkey.example.com|v=DKIM1; p=folded",
              "25 example.com|one",
              "26 long._domainkey.example.com|" + long_text.substr(0, 255) + '|' + long_text.substr(255)});
}

TEST_CASE("the zone is named by the file, its folder or the rules") {
  const std::string text = "s1._domainkey: {type: TXT, value: x}\n";
  CHECK(octodns(text, {}, "zones/example.net.yaml").lines() == Lines{"1 s1._domainkey.example.net|x"});
  CHECK(octodns(text, {}, "zones/example.org./s1.yaml").lines() == Lines{"1 s1._domainkey.example.org|x"});
  ReadingRules rules;
  rules.origin = *DomainName::parse("example.com");
  CHECK(octodns(text, rules, "zones/x.yaml").lines() == Lines{"1 s1._domainkey.example.com|x"});
  const auto unnamed = octodns(text, {}, "-");
  CHECK(unnamed.lines() == Lines{"1 s1._domainkey?|x"});
  CHECK(unnamed.fault_lines() ==
        Lines{"1 file_origin: s1._domainkey is relative to a zone that the file does not name"});
}

TEST_CASE("faults of an octoDNS file are told from those of a record") {
  for (const auto& [text, fault] : std::vector<std::pair<std::string, std::string>>{
           {"s1._domainkey: {type: TXT, value: 'v=DKIM1; p='}",
            "1 file_unescaped_semicolon: octoDNS wants one backslash before each `;`"},
           {"s1._domainkey: {type: TXT, value: 'v=DKIM1\\\\; p='}",
            "1 file_unescaped_semicolon: octoDNS wants one backslash before each `;`"},
           {"s1._domainkey: {type: TXT}", "1 file_no_text: the TXT record has no value"},
           {"s1._domainkey:\n  type: TXT\n  values: [[x]]", "3 file_no_text: the value must be a text"},
           {"apiVersion: v1",
            "1 file_syntax: `apiVersion` must have a record with a type, or a list of such records"},
           {"a..b: {type: TXT, value: x}", "1 file_name: `a..b` is not a record name"},
           {"- a", "1 file_syntax: it must be a map of names"},
           {"a: [", "1 file_syntax: this is not YAML: end of sequence flow not found"},
           {"x: &a [x]\ny: [*a, *a, *a]", "1 file_syntax: YAML anchors and aliases are not supported"},
           {std::string(1'000, '['), "1 file_syntax: lists and maps are nested more than 32 levels deep"},
           {std::string((4U << 20U) + 1, 'x'), "1 file_syntax: the file is larger than 4 MiB"}}) {
    INFO(text.substr(0, 80));
    CHECK(octodns(text).fault_lines() == Lines{fault});
  }
  CHECK(octodns("").fault_lines().empty());
  CHECK_FALSE(octodns(std::string("a\0b: c", 6)).fault_lines().empty());
}
