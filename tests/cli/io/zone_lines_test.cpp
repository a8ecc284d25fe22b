#include "cli/io/zone_lines.hpp"

#include "tests/catch.hpp"

using namespace dkimprobe::cli;

namespace {

using Strings = std::vector<std::string>;

/// What the last line completes.
ZoneEntry last_of(ZoneReader& reader, const std::vector<std::string>& lines) {
  std::optional<tl::expected<ZoneEntry, std::string>> entry;
  for (const auto& line : lines) entry = reader.add(line);
  REQUIRE(entry);
  if (!*entry) FAIL(entry->error());
  return **entry;
}

RecordLine record_of(const std::vector<std::string>& lines) {
  ZoneReader reader;
  const auto entry = last_of(reader, lines);
  REQUIRE(entry.record);
  return *entry.record;
}

std::string error_of(const std::string& line) {
  ZoneReader reader;
  const auto entry = reader.add(line);
  return entry && !*entry ? entry->error() : std::string();
}

}  // namespace

TEST_CASE("lines of a zone file are told from the text of a record") {
  for (const char* line :
       {R"("v=DKIM1; " "p=")", "; comment", "$TTL 1h", "s1._domainkey IN TXT (", "  3600 TXT \"x\"",
        "( \"v=DKIM1\"", "@ 3600 NS ns1", "www A 192.0.2.1", "s1._domainkey.example.com\t\"v=DKIM1\"",
        "s1._domainkey.example.com descriptive text \"v=DKIM1\"",
        "s1._domainkey.example.com\ttext = \"v=DKIM1\""}) {
    INFO(line);
    CHECK(is_zone_line(line));
  }
  for (const char* line :
       {"v=DKIM1; k=rsa; p=", "v = DKIM1; k = rsa", "s1._domainkey.example.com\tv=DKIM1; p=", "dkim=all",
        "p=MIIB", "t=y; o=~", "hello world", "v=DKIM1; n=IN TXT a; p=", "", "k=rsa; p=\"x\""}) {
    INFO(line);
    CHECK_FALSE(is_zone_line(line));
  }
}

TEST_CASE("an entry of a zone file is read with its name and its strings") {
  const auto whole = record_of({R"(s1._domainkey.example.com. 3600 IN TXT "v=DKIM1; " "p=" ; note)"});
  CHECK(whole.name.to_string() == "s1._domainkey.example.com");
  CHECK_FALSE(whole.name_is_relative);
  CHECK(whole.strings == Strings{"v=DKIM1; ", "p="});

  const auto genkey = record_of({"s1._domainkey\tIN\tTXT\t( \"v=DKIM1; k=rsa; \"", "\t  \"p=MIIB\"",
                                 "  \"AQAB\" )  ; ----- DKIM key s1 for example.com"});
  CHECK(genkey.name_is_relative);
  CHECK(genkey.strings == Strings{"v=DKIM1; k=rsa; ", "p=MIIB", "AQAB"});

  const auto with_origin = record_of({"$ORIGIN example.com.", R"(s1._domainkey TXT "v=DKIM1; p=")"});
  CHECK(with_origin.name.to_string() == "s1._domainkey.example.com");
  CHECK_FALSE(with_origin.name_is_relative);

  const auto same_owner = record_of({R"(s1._domainkey.example.com. TXT "a")", R"(   TXT "b")"});
  CHECK(same_owner.name.to_string() == "s1._domainkey.example.com");

  CHECK(record_of({R"("v=DKIM1\; p=\"\065")"}).strings == Strings{"v=DKIM1; p=\"A"});
  CHECK(record_of({R"("v=DKIM1")"}).name.is_root());
  CHECK(record_of({R"(TXT "v=DKIM1")"}).name.is_root());
}

TEST_CASE("what is not of DKIM is left out of a zone file") {
  for (const char* line : {"; comment", "$TTL 1h", "$INCLUDE x"}) {
    ZoneReader reader;
    const auto entry = last_of(reader, {line});
    CHECK_FALSE(entry.record);
    CHECK_FALSE(entry.is_other_record);
  }
  for (const std::vector<std::string>& lines :
       {std::vector<std::string>{"@ IN SOA ns1 admin (", "1 ; serial", "2h 1h 1w 1h )"},
        {"example.com. 300 IN TXT \"v=spf1 -all\""},
        {"@ MX 10 mail"}}) {
    ZoneReader reader;
    const auto entry = last_of(reader, lines);
    CHECK_FALSE(entry.record);
    CHECK(entry.is_other_record);
    CHECK_FALSE(reader.is_inside());
  }
}

TEST_CASE("the error of a broken entry says what is wrong with it") {
  CHECK(error_of(R"(s1._domainkey TXT "v=DKIM1)") == "a quoted string does not end on its line");
  CHECK(error_of(R"(s1._domainkey TXT "v=DKIM1" ))") == "a parenthesis is closed that was not opened");
  CHECK(
      error_of("s1._domainkey IN TXT v=DKIM1; k=rsa; p=MIIB").starts_with("the text has no quotation marks"));
  CHECK(record_of({R"(s1._domainkey IN TXT v=DKIM1\;p= ; note)"}).strings == Strings{"v=DKIM1;p="});
  CHECK(error_of("s1._domainkey TXT") == "the TXT record has no string");
  CHECK(error_of("s1._domainkey TXT \"" + std::string(256, 'x') + '"') ==
        "a string has 256 octets, at most 255 are allowed");
  ZoneReader reader;
  std::optional<tl::expected<ZoneEntry, std::string>> entry = reader.add("s1._domainkey TXT (");
  while (!entry) entry = reader.add('"' + std::string(200, 'x') + '"');
  CHECK(entry->error() == "the record has more than 131072 octets");
}

TEST_CASE("every line is read, whatever its octets") {
  constexpr std::string_view octets = "\"();\\9a \xff";
  std::vector<std::string> lines{""};
  for (std::size_t i = 0; i < lines.size() && lines[i].size() < 4; ++i) {
    for (const char c : octets) lines.push_back(lines[i] + c);
  }
  for (const auto& line : lines) {
    ZoneReader reader;
    if (const auto entry = reader.add(line)) CHECK_FALSE(reader.is_inside());
    static_cast<void>(is_zone_line(line));
  }
  CHECK(record_of({R"("v=DKIM1 \999 \1")"}).strings == Strings{"v=DKIM1 999 1"});
}
