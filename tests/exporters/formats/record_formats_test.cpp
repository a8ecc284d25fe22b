// The exact output of each format. tests/lab/record_test.py passes it to the programs that read it.
#include "exporters/formats/record_formats.hpp"

#include <string>

#include "tests/catch.hpp"

using namespace dkimprobe;
using exporters::format_record;
using exporters::PlannedRecord;
using exporters::PublishFormat;

namespace {

config::DomainName name(std::string_view text) {
  return config::DomainName::parse(text).value();
}

const PlannedRecord short_record{
    name("s1._domainkey.example.com"), name("example.com"), 3'600, {"v=DKIM1; p="}};
const PlannedRecord long_record{
    name("s1._domainkey.example.com"), name("example.com"), 90'061, {std::string(255, 'a'), "b=="}};
// Octets that no composed record contains, and a name with a dot in a label.
const PlannedRecord odd_record{
    name("a\\.b.\\001x._domainkey.example.com"), name("example.com"), 0, {"it's \"q\" \\ ; \xc3\xbc\n"}};

}  // namespace

TEST_CASE("the text format is the record as verifiers get it") {
  CHECK(format_record(short_record, PublishFormat::text) == "v=DKIM1; p=\n");
  CHECK(format_record(long_record, PublishFormat::text) == std::string(255, 'a') + "b==\n");
}

TEST_CASE("a zone file has one line for one string, and parentheses for several") {
  CHECK(format_record(short_record, PublishFormat::zone) ==
        "s1._domainkey.example.com. 3600 IN TXT \"v=DKIM1; p=\"\n");
  CHECK(format_record(long_record, PublishFormat::zone) ==
        "s1._domainkey.example.com. 90061 IN TXT (\n    \"" + std::string(255, 'a') + "\"\n    \"b==\" )\n");
  CHECK(format_record(odd_record, PublishFormat::zone) ==
        R"(a\.b.\001x._domainkey.example.com. 0 IN TXT "it's \"q\" \\ ; \195\188\010")"
        "\n");
}

TEST_CASE("the nsupdate script names the zone and replaces all TXT records") {
  CHECK(format_record(short_record, PublishFormat::nsupdate) ==
        "zone example.com.\n"
        "update delete s1._domainkey.example.com. TXT\n"
        "update add s1._domainkey.example.com. 3600 TXT \"v=DKIM1; p=\"\n"
        "send\n");
  CHECK(format_record(long_record, PublishFormat::nsupdate)
            .find(" TXT \"" + std::string(255, 'a') + "\" \"b==\"\nsend\n") != std::string::npos);
  auto below_root = short_record;
  below_root.zone = config::DomainName();
  CHECK(format_record(below_root, PublishFormat::nsupdate).starts_with("zone .\n"));
}

TEST_CASE("Route 53 uses octal codes within JSON") {
  CHECK(format_record(odd_record, PublishFormat::route53) == R"({
  "Changes": [
    {
      "Action": "UPSERT",
      "ResourceRecordSet": {
        "Name": "a\\056b.\\001x._domainkey.example.com.",
        "Type": "TXT",
        "TTL": 0,
        "ResourceRecords": [
          {
            "Value": "\"it's \\\"q\\\" \\\\ ; \\303\\274\\012\""
          }
        ]
      }
    }
  ]
}
)");
  CHECK(format_record(long_record, PublishFormat::route53).find("aaa\\\" \\\"b==\\\"\"") !=
        std::string::npos);
}

TEST_CASE("the Windows command has the zone and the relative name") {
  CHECK(format_record(short_record, PublishFormat::powershell) ==
        "Add-DnsServerResourceRecord -ZoneName 'example.com' -Name 's1._domainkey' -Txt -TimeToLive 01:00:00 "
        "-DescriptiveText 'v=DKIM1; p='\n");
  CHECK(format_record(long_record, PublishFormat::powershell) ==
        "dnscmd.exe /RecordAdd 'example.com' 's1._domainkey' 90061 TXT '" + std::string(255, 'a') +
            "' 'b=='\n");
  auto quoted = short_record;
  quoted.strings = {"it's"};
  quoted.ttl_seconds = 90'061;
  quoted.zone = quoted.name;
  CHECK(format_record(quoted, PublishFormat::powershell) ==
        "Add-DnsServerResourceRecord -ZoneName 's1._domainkey.example.com' -Name '@' -Txt "
        "-TimeToLive 1.01:01:01 -DescriptiveText 'it''s'\n");
}

TEST_CASE("the Windows command for TXT records accepts 254 characters") {
  auto record = short_record;
  record.strings = {std::string(254, 'a')};
  CHECK_FALSE(exporters::needs_dnscmd(record));
  record.strings = {std::string(255, 'a')};
  CHECK(exporters::needs_dnscmd(record));
}
