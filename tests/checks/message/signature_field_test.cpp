// The header of a message: which fields are read, and what they name.
#include "checks/message/signature_field.hpp"

#include <string>

#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
using checks::read_signatures;

namespace {

/// Each field in a word: `s1@example.com`, or `-` when it names no key.
std::string keys_of(std::string_view message) {
  std::string text;
  for (const auto& field : read_signatures(message).fields) {
    if (!text.empty()) text += ' ';
    text += field.names_key() ? field.selector->to_string() + '@' + field.domain->to_string() : "-";
  }
  return text;
}

std::string field(const std::string& tags) {
  return "DKIM-Signature: " + tags + "\r\n";
}

}  // namespace

TEST_CASE("signature fields are found in their order, whatever surrounds them") {
  const std::string a = field("d=example.com; s=a");
  const std::string b = field("d=example.net; s=b");
  CHECK(keys_of("") == "");
  CHECK(keys_of("Subject: x\r\n\r\n" + a) == "");
  CHECK(keys_of(a + "Received: by x\r\n" + b + "\r\nbody") == "a@example.com b@example.net");
  CHECK(keys_of("From ann@example.com Sun Nov 22 04:35:01 2026\n" + a) == "a@example.com");
  CHECK(keys_of("\r\n\n" + a + "\n" + b) == "a@example.com");
  CHECK(keys_of("no colon here\n" + a) == "a@example.com");
  CHECK(keys_of(" folded from nowhere\n" + a) == "a@example.com");
  CHECK(keys_of("dkim-SIGNATURE \t: d=example.com; s=a") == "a@example.com");
  CHECK(keys_of("X-DKIM-Signature: d=example.com; s=a\nARC-Message-Signature: d=example.com; s=a\n") == "");
  CHECK(keys_of("Subject: x\n DKIM-Signature: d=example.com; s=a\n") == "");
}

TEST_CASE("a folded field is unfolded, and has the number of its first line") {
  const auto read = read_signatures("Subject: x\n\ty\nDKIM-Signature:\n d=exam\n\t\n ple.com;s=a\r\n\r\n");
  REQUIRE(read.fields.size() == 1);
  CHECK(read.fields.front().line == 3);
  CHECK(read.fields.front().list.find("d")->value == "exam\t ple.com");
  CHECK(keys_of("DKIM-Signature:\n d=\n example.com\n ;\n s=a.b\n") == "a.b@example.com");
}

TEST_CASE("a key is identified by a domain of at least two labels and a selector") {
  CHECK(keys_of(field("d=EXAMPLE.com; s=a")) == "a@example.com");
  CHECK(keys_of(field("d=ex_ample.com; s=_a-1")) == "_a-1@ex_ample.com");
  // RFC 8616 section 5.
  CHECK(keys_of(field("d=b\xc3\xbc"
                      "cher.example; s=a")) == "a@xn--bcher-kva.example");
  for (const auto* tags :
       {"", "d=example.com", "s=a", "d=; s=a", "d=example; s=a", "d=example.com.; s=a", "d=.example.com; s=a",
        "d=example..com; s=a", "d=a\\.b.example; s=a", "d=a b.example; s=a",
        "d=example.com; s=", "d=example.com; s=a.", "d=example.com; s=a b", "d=example.com; s=a._domainkey",
        "d=_domainkey.example.com; s=a"}) {
    INFO(tags);
    CHECK(keys_of(field(tags)) == "-");
    CHECK_FALSE(read_signatures(field(tags)).fields.front().faults.empty());
  }
  const std::string label(63, 'a');
  const std::string three = label + '.' + label + '.' + label;
  CHECK(keys_of(field("d=" + three + ".example; s=a")) != "-");
  CHECK(keys_of(field("d=" + three + ".example; s=" + label)) == "-");
}

TEST_CASE("the remedy for a d= or s= with extra parts contains the correct value") {
  const auto remedy_of = [](const char* tags) {
    return read_signatures(field(tags)).fields.front().faults.front().remedy;
  };
  CHECK(remedy_of("d=example.com; s=s1._domainkey") == "write only the selector: `s=s1`");
  CHECK(remedy_of("d=example.com; s=s1._domainkey.example.com") == "write only the selector: `s=s1`");
  CHECK(remedy_of("d=s1._domainkey.example.com; s=s1") == "write `d=example.com`");
  CHECK(remedy_of("d=@example.com; s=s1") == "write `d=example.com`");
  CHECK(remedy_of("d=example.com.; s=s1") == "write `d=example.com`");
}

TEST_CASE("encoded words are reported as the only fault, since they cause all others") {
  const auto read =
      read_signatures("DKIM-Signature: =?UTF-8?Q?v=3D1;_a=3Drsa-sha256;?=\r\n\t=?UTF-8?Q?_d=3Dx?=\r\n");
  REQUIRE(read.fields.front().faults.size() == 1);
  CHECK(read.fields.front().faults.front().detail.str().find("RFC 2047") != std::string::npos);
}

TEST_CASE("a byte order mark before the message is skipped") {
  CHECK(keys_of("\xef\xbb\xbf" + field("d=example.com; s=a")) == "a@example.com");
}

TEST_CASE("a timestamp that is implausible in seconds has the unit that makes it current") {
  CHECK_FALSE(checks::unit_of(1'767'220'000));
  CHECK(checks::unit_of(1'767'220'000'123)->name == "milliseconds");
  CHECK(checks::unit_of(1'767'220'000'123'456)->name == "microseconds");
  CHECK(checks::unit_of(1'767'220'000'123'456'789)->name == "nanoseconds");
  CHECK_FALSE(checks::unit_of(99'999'999'999'999'999));
}

TEST_CASE("signature fields are counted even beyond those that are kept") {
  std::string message;
  for (std::size_t i = 0; i < checks::most_signatures + 7; ++i) message += field("d=example.com; s=a");
  const auto read = read_signatures(message);
  CHECK(read.count == checks::most_signatures + 7);
  CHECK(read.fields.size() == checks::most_signatures);
  CHECK(read.fields.back().number == checks::most_signatures);
}

TEST_CASE("a header without an end is reported only if it is too long") {
  const std::string line = "X: " + std::string(1'000, 'x') + "\n";
  std::string message;
  while (message.size() <= checks::longest_header_octets) message += line;
  CHECK(read_signatures(message).header_too_long);
  CHECK_FALSE(read_signatures("X: y\n\n" + message).header_too_long);
  message.resize(checks::longest_header_octets);
  CHECK_FALSE(read_signatures(message).header_too_long);
}

TEST_CASE("a timestamp is printed in readable form") {
  CHECK(checks::time_text(0) == "1970-01-01 00:00:00 UTC");
  CHECK(checks::time_text(1'709'251'199) == "2024-02-29 23:59:59 UTC");
  CHECK(checks::time_text(253'402'300'799) == "9999-12-31 23:59:59 UTC");
  CHECK(checks::time_text(253'402'300'800) == "beyond the year 9999");
}
