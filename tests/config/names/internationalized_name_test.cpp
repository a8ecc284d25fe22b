#include "config/names/internationalized_name.hpp"

#include "tests/catch.hpp"

using dkimprobe::config::read_domain;

TEST_CASE("an internationalized domain becomes the name that is queried") {
  struct Case {
    std::string text;
    std::string name;
  };
  const auto given = GENERATE(
      Case{"example.com", "example.com"}, Case{"Example.COM", "example.com"},
      Case{"example.com.", "example.com"}, Case{"com", "com"},
      Case{"_internal.example.com", "_internal.example.com"},
      Case{"xn--bcher-kva.example", "xn--bcher-kva.example"},
      // IDNA 2008: the sharp s stays (IDNA 2003 made it `ss`), capitals and composed forms are mapped.
      Case{"bücher.example", "xn--bcher-kva.example"}, Case{"BÜCHER.example", "xn--bcher-kva.example"},
      Case{"bu\u0308cher.example", "xn--bcher-kva.example"}, Case{"straße.example", "xn--strae-oqa.example"},
      Case{"例え。テスト", "xn--r8jz45g.xn--zckzah"}, Case{"bücher.example.", "xn--bcher-kva.example"},
      Case{"_x.bücher.example", "_x.xn--bcher-kva.example"});
  INFO(given.text);
  const auto name = read_domain(given.text);
  REQUIRE(name);
  CHECK(name->to_string() == given.name);
  CHECK(name->same_octets(name->lower_case()));
}

TEST_CASE("an invalid domain is rejected with a suggestion") {
  struct Case {
    std::string text;
    std::string advice;
  };
  const auto given = GENERATE(
      Case{"", "it is empty"}, Case{".", "the root has no DKIM keys"},
      Case{"https://user@www.example.com:8443/path?q#f",
           "a URL or a path; give the domain alone: www.example.com"},
      Case{"example.com/", "give the domain alone: example.com"},
      Case{"joe@example.com", "an e-mail address; give its domain: example.com"},
      Case{"mailto:joe@example.com", "give its domain: example.com"}, Case{"192.0.2.1", "an IP address"},
      Case{"2001:db8::1", "an IP address"}, Case{"[2001:db8::1]", "an IP address"},
      Case{"example.com:53", "a domain has no port; give it alone: example.com"},
      Case{"s1._domainkey.example.com", "give the domain and the selector apart: example.com s1"},
      Case{"a.b._DomainKey.example.com", "give the domain and the selector apart: example.com a.b"},
      Case{"_domainkey.example.com", "give the domain alone: example.com"},
      Case{"s1._domainkey", "give the domain alone, and the selector as the next argument"},
      Case{"a..b", "label 2 is empty"}, Case{"exa mple.com", "\\x20"},
      Case{std::string("a\0b.example", 11), "NUL"}, Case{std::string(2'000, 'a'), "at most 255 octets"},
      // An emoji is no letter of IDNA 2008; the next two are broken UTF-8 and a lone joiner.
      Case{"☃☃.example\u200d", "is not a valid internationalized domain name"},
      Case{"b\xfc"
           "cher.example",
           "is not a valid internationalized domain name"},
      Case{"bücher..example", "empty"}, Case{"e\x1b[31m.example", "\\x1b"});
  INFO(given.text);
  const auto name = read_domain(given.text);
  REQUIRE_FALSE(name);
  REQUIRE(name.error().size() == 1);
  CHECK_THAT(name.error().front().message, ContainsSubstring(given.advice));
  CHECK(name.error().front().where.find('\x1b') == std::string::npos);
}
