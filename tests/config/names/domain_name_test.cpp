#include "config/names/domain_name.hpp"

#include "tests/catch.hpp"

using dkimprobe::config::DomainName;

namespace {

DomainName name(std::string_view text) {
  auto parsed = DomainName::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

}  // namespace

TEST_CASE("a domain name's presentation form survives parsing and printing") {
  const auto text = GENERATE(as<std::string>{}, ".", "example.com", "s1._domainkey.example.com",
                             R"(a\.b.example)", R"(a\000\255.example)", "*.example", "a-b_c.example");
  CHECK(name(text).to_string() == text);
  CHECK(DomainName::from_wire(name(text).wire()) == name(text));
}

TEST_CASE("an invalid name is rejected with the reason") {
  struct Case {
    std::string text;
    std::string reason;
  };
  const auto given =
      GENERATE(Case{"", "empty"}, Case{"a..b", "label 2 is empty"}, Case{".a", "label 1 is empty"},
               Case{std::string(64, 'a'), "64 octets"}, Case{R"(a\256.b)", "above"},
               Case{R"(a\1.b)", "backslash"}, Case{"a b.c", "\\x20"}, Case{"a\x1b[2J.c", "\\x1b"},
               Case{"b\xc3\xbc"
                    "cher.example",
                    "\\xc3"},
               Case{std::string(63, 'a') + '.' + std::string(63, 'b') + '.' + std::string(63, 'c') + '.' +
                        std::string(62, 'd'),
                    "256 octets"});
  const auto parsed = DomainName::parse(given.text);
  REQUIRE_FALSE(parsed);
  CHECK_THAT(parsed.error().front().message, ContainsSubstring(given.reason));
}

TEST_CASE("names compare case-insensitively and know their ancestors") {
  CHECK(name("EXAMPLE.com") == name("example.COM"));
  CHECK(std::hash<DomainName>{}(name("EXAMPLE.com")) == std::hash<DomainName>{}(name("example.COM")));
  CHECK_FALSE(name("EXAMPLE.com").same_octets(name("example.com")));
  CHECK(name("a.Example.com").is_at_or_below(name("example.COM")));
  CHECK(name("example.com").is_at_or_below(name("example.com")));
  CHECK(name("example.com").is_at_or_below(DomainName{}));
  CHECK_FALSE(name("badexample.com").is_at_or_below(name("example.com")));
  CHECK_FALSE(name("com").is_at_or_below(name("example.com")));
  // A label whose octets look like the length and text of the ancestor is not below it.
  CHECK_FALSE(name(R"(x\003com)").is_at_or_below(name("com")));
  CHECK(name("s._DomainKey.example.com").has_domainkey_label());
  CHECK_FALSE(name("s.x_domainkey.example.com").has_domainkey_label());
}

TEST_CASE("names are split into labels and joined from labels") {
  const DomainName selector = name("s1._domainkey.example.com");
  CHECK(selector.label_count() == 4);
  CHECK(selector.first_label() == "s1");
  CHECK(selector.parent() == name("_domainkey.example.com"));
  CHECK(selector.suffix(2) == name("example.com"));
  CHECK(selector.suffix(0).is_root());
  CHECK(selector.suffix(9) == selector);
  CHECK(name("example.com").child("_domainkey") == name("_domainkey.example.com"));
  CHECK(name("a.b").below(name("c")) == name("a.b.c"));
  CHECK_FALSE(name("example").child(std::string(64, 'a')));
  CHECK(DomainName{}.parent().is_root());
}

TEST_CASE("canonical order compares labels from the right") {
  // RFC 4034 section 6.1
  const std::vector<std::string> ordered = {"example",           "a.example",      "yljkjljk.a.example",
                                            "Z.a.example",       "zABC.a.EXAMPLE", "z.example",
                                            R"(\001.z.example)", "*.z.example",    R"(\200.z.example)"};
  for (std::size_t i = 0; i + 1 < ordered.size(); ++i) CHECK(name(ordered[i]) < name(ordered[i + 1]));
}

TEST_CASE("wire form is accepted only if it is exactly one name") {
  const auto from = [](std::vector<std::uint8_t> bytes) { return DomainName::from_wire(bytes); };
  CHECK(from({0}));
  CHECK(from({1, 'a', 0}));
  CHECK_FALSE(from({}));
  CHECK_FALSE(from({1, 'a'}));
  CHECK_FALSE(from({1, 'a', 0, 0}));
  CHECK_FALSE(from({0xc0, 0}));
  CHECK_FALSE(from({5, 'a', 0}));
}
