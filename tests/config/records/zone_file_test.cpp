#include "config/records/zone_file.hpp"

#include "config/records/dig_output.hpp"
#include "tests/catch.hpp"
#include "tests/config/records/reading.hpp"

using namespace dkimprobe::config;
using namespace dkimprobe::config::testing;

namespace {

using Lines = std::vector<std::string>;

Read zone(std::string text, const ReadingRules& rules = {}) {
  return read_text(read_zone_file, std::move(text), rules, "example.zone");
}

ReadingRules below_example() {
  ReadingRules rules;
  rules.origin = *DomainName::parse("example.com");
  return rules;
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

TEST_CASE("a zone file gives each TXT record with its line, name and strings") {
  const auto read = zone(R"($ORIGIN example.com.
$TTL 1h
@ IN SOA ns1 admin (
    1 ; serial
    2h 1h 1w 1h )
  IN NS ns1
  IN TXT "v=spf1 -all"
; the keys
s1._domainkey IN 1h30m TXT ( "v=DKIM1; k=rsa; "   ; a comment ) with "signs (
    "p=MIIB"
AQAB ) ; ----- DKIM key s1 for example.com
s2._domainkey.example.net. 300 IN TXT "v=DKIM1\; p=\"\065" unquoted\;word
    TXT "the owner before" ""
$ORIGIN sub
a\.b._domainkey 3600 TXT x
s3._domainkey CLASS1 TYPE16 \# 6 0161 03 62 63 64
)");
  CHECK(read.fault_lines().empty());
  CHECK(read.others == 2);
  CHECK(read.lines() ==
        Lines{"7 example.com|v=spf1 -all", "9 s1._domainkey.example.com|v=DKIM1; k=rsa; |p=MIIB|AQAB",
              "12 s2._domainkey.example.net|v=DKIM1; p=\"A|unquoted;word",
              "13 s2._domainkey.example.net|the owner before|", "15 a\\.b._domainkey.sub.example.com|x",
              "16 s3._domainkey.sub.example.com|a|bcd"});
}

TEST_CASE("a relative name needs a zone, which the file or the caller names") {
  const std::string text = "s1._domainkey TXT a\ns2._domainkey TXT b\n@ TXT c\n";
  CHECK(zone(text, below_example()).lines() ==
        Lines{"1 s1._domainkey.example.com|a", "2 s2._domainkey.example.com|b", "3 example.com|c"});
  const auto read = zone(text);
  CHECK(read.lines() == Lines{"1 s1._domainkey?|a", "2 s2._domainkey?|b", "3 .?|c"});
  CHECK(read.fault_lines() ==
        Lines{"1 file_origin: s1._domainkey is relative to a zone that the file does not name"});
  // As in BIND, a directive without the last dot is relative too.
  CHECK(zone("$ORIGIN example.com\ns1._domainkey TXT a", below_example()).lines() ==
        Lines{"2 s1._domainkey.example.com.example.com|a"});
}

TEST_CASE("faults of the file are told from those of a record") {
  const auto faults = [](const std::string& text) { return zone(text, below_example()).fault_lines(); };
  const std::string next = "\ns2._domainkey TXT \"b\"";
  for (const auto& [text, fault] : std::vector<std::pair<std::string, std::string>>{
           {R"(s1._domainkey TXT "v=DKIM1)", "file_quote: a quoted string does not end on its line"},
           {R"(s1._domainkey TXT "v=DKIM1\)", "file_quote: a quoted string does not end on its line"},
           {R"(s1._domainkey TXT "v=DKIM1" ))",
            "file_parenthesis: a parenthesis is closed that was not opened"},
           {std::string(10'000, '('), "file_parenthesis: parentheses are nested more than 16 deep"},
           {"s1._domainkey TXT ( \"v=DKIM1;\n   \"p=\" )",
            "file_quote: a quoted string does not end on its line"},
           {"s1._domainkey TXT", "file_no_text: the TXT record has no string"},
           {"v=DKIM1; p=", "file_syntax: this is no entry of a zone file: it has no type and data"},
           {"s1._domainkey IN TXT ; \"v=DKIM1\"", "file_no_text: the TXT record has no string"},
           {"s1._domainkey TXT \"" + std::string(256, 'x') + '"',
            "file_string_too_long: a string has 256 octets, at most 255 are allowed"},
           {"s1._domainkey IN TXT v=DKIM1; k=rsa; p=MIIB",
            "file_semicolon: the text has no quotation marks, so its first `;` begins a comment; put the "
            "text in "
            "quotation marks"},
           {"a..b TXT x",
            "file_name: `a..b` is not a record name: label 2 is empty (two dots in a row, or a dot at "
            "the start)"},
           {"s1._domainkey TXT \"a" + std::string(1, '\0') + '"', "file_encoding: line 1 has a NUL octet"},
           {"$INCLUDE /etc/passwd", "file_include: `/etc/passwd` was not read"},
           {"$GENERATE 1-9 s$ TXT x", "file_directive: `$GENERATE` is not understood"},
           {"s1._domainkey TXT \\# 3 0161",
            "file_syntax: the octets after \\# are not the strings of a TXT record (RFC 3597 section 5)"},
           {"s1._domainkey TXT \\# 2 026",
            "file_syntax: the octets after \\# are not the strings of a TXT record "
            "(RFC 3597 section 5)"}}) {
    INFO(text);
    const auto read = zone(text + next, below_example());
    CHECK(read.fault_lines() == Lines{"1 " + fault});
    // What follows is read all the same.
    REQUIRE(read.records.size() == 1);
    CHECK(read.records.front().name.to_string() == "s2._domainkey.example.com");
  }
  CHECK(faults("a TXT x\n$ORIGIN") == Lines{"2 file_name: $ORIGIN has no name"});
  CHECK(faults("a TXT x\nb TXT (\n  \"y\"\n") == Lines{"2 file_parenthesis: a parenthesis is not closed"});
  std::string endless = "s1._domainkey TXT (\n";
  while (endless.size() < 2 * longest_record_line) endless += '"' + std::string(200, 'x') + "\"\n";
  CHECK(faults(endless).front() == "1 file_record_too_long: the record has more than 131072 octets");
}

TEST_CASE("what a key generator writes is read, and a private key in it is a fault") {
  const auto read = zone(
      "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n"
      "s2._domainkey IN TXT ( \"v=DKIM1; k=rsa; \"\n\t\"p=MIIB\"\n) ; \n",
      below_example());
  CHECK(read.fault_lines() == Lines{"1 file_private_key: a private key begins here"});
  CHECK(read.lines() == Lines{"4 s2._domainkey.example.com|v=DKIM1; k=rsa; |p=MIIB"});
}

TEST_CASE("dig prints records, strings alone, and answers without a record") {
  const auto read = read_text(read_dig_output, R"(
; <<>> DiG 9.18.49 <<>> TXT s1._domainkey.example.com
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1
;; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1
;; QUESTION SECTION:
;s1._domainkey.example.com.	IN	TXT

;; ANSWER SECTION:
s1._domainkey.example.com. 300	IN	TXT	"v=DKIM1; " "p="
"v=DKIM1; " "p=short"
s1.provider.example.
s2._domainkey.example.com descriptive text "v=DKIM1"
;; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 2
;; flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 1
example.com. 300 IN SOA ns. admin. 1 2 3 4 5
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 3
;; flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 1
;; no servers could be reached
)");
  CHECK(read.lines() == Lines{"9 s1._domainkey.example.com|v=DKIM1; |p=", "10 .|v=DKIM1; |p=short",
                              "12 s2._domainkey.example.com|v=DKIM1"});
  CHECK(read.others == 2);
  CHECK(read.fault_lines() == Lines{"13 file_no_answer: the answer has the status NXDOMAIN",
                                    "17 file_no_answer: the answer has no record",
                                    "18 file_no_answer: no server was reached"});
}

TEST_CASE("every line is read, whatever its octets") {
  constexpr std::string_view octets = "\"();\\9a \xff";
  std::vector<std::string> lines{""};
  for (std::size_t i = 0; i < lines.size() && lines[i].size() < 4; ++i) {
    for (const char c : octets) lines.push_back(lines[i] + c);
  }
  for (const auto& line : lines) {
    const auto read = zone(line);
    CHECK(read.records.size() + read.faults.size() + read.others <= 2);
    static_cast<void>(is_zone_line(line));
  }
  CHECK(zone(R"(a. TXT "v=DKIM1 \999 \1")").lines() == Lines{"1 a|v=DKIM1 999 1"});
}

TEST_CASE("an entry with a line that no format can hold is no record") {
  const std::string long_line(longest_record_line + 1, 'A');
  const auto read = zone("$ORIGIN example.com.\ns1._domainkey TXT ( \"v=DKIM1; p=\"\n " + long_line +
                         "\n )\ns2._domainkey TXT b\n");
  CHECK(read.lines() == Lines{"5 s2._domainkey.example.com|b"});
  CHECK(read.faults.size() == 1);
}

TEST_CASE("a wrong $ORIGIN is one fault, and the next entry has no name") {
  const auto read = zone("$ORIGIN a..b.\n TXT a\ns1._domainkey.example.com. TXT b\n");
  CHECK(read.lines() == Lines{"2 .?|a", "3 s1._domainkey.example.com|b"});
  CHECK(read.faults.front().kind == FileFaultKind::name);
}

TEST_CASE("host prints complete names") {
  const auto read =
      read_text(read_dig_output, "s1._domainkey.example.com descriptive text \"a\"\n", below_example());
  CHECK(read.lines() == Lines{"1 s1._domainkey.example.com|a"});
}
