#include "config/records/terraform_json.hpp"

#include <fmt/format.h>

#include "tests/catch.hpp"
#include "tests/config/records/reading.hpp"

using namespace dkimprobe::config;
using namespace dkimprobe::config::testing;

namespace {

using Lines = std::vector<std::string>;

Read terraform(std::string text, const ReadingRules& rules = {}) {
  return read_text(read_terraform_json, std::move(text), rules, "plan.json");
}

/// A state with a resource of the type and these values.
std::string state(std::string_view type, std::string_view values, std::string_view mode = "managed") {
  return fmt::format(
      R"({{"format_version":"1.0","values":{{"root_module":{{"resources":[{{"address":"x.y","mode":"{}",)"
      R"("type":"{}","name":"y","values":{{"type":"TXT",{}}}}}]}}}}}})",
      mode, type, values);
}

}  // namespace

TEST_CASE("records are read from all modules of a state or a plan, with their lines") {
  const auto read = terraform(R"({
  "format_version": "1.2",
  "planned_values": {
    "root_module": {
      "resources": [
        {"address": "google_dns_record_set.a", "mode": "managed", "type": "google_dns_record_set",
         "values": {"name": "s1._domainkey.example.com.", "type": "TXT", "ttl": 300,
                    "rrdatas": [
                      "\"v=DKIM1; \" \"p=a\""]}},
        {"address": "null_resource.b", "mode": "managed", "type": "null_resource", "values": {}},
        {"address": "google_dns_record_set.c", "mode": "managed", "type": "google_dns_record_set",
         "values": {"name": "example.com.", "type": "A", "rrdatas": ["192.0.2.1"]}}
      ],
      "child_modules": [{"address": "module.m", "child_modules": [{"address": "module.m.module.n", "resources": [
        {"address": "module.m.module.n.cloudflare_dns_record.d", "mode": "managed", "type": "cloudflare_dns_record",
         "values": {"type": "TXT", "content": "v=DKIM1; p=b", "name": "s2._domainkey.example.com."}}]}]}]
    }
  },
  "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": [
    {"address": "google_dns_record_set.a", "mode": "managed", "type": "google_dns_record_set",
     "values": {"name": "s1._domainkey.example.com.", "type": "TXT", "rrdatas": ["\"old\""]}}]}}},
  "resource_changes": [{"address": "google_dns_record_set.a", "type": "google_dns_record_set",
    "change": {"after": {"type": "TXT", "rrdatas": ["x"]}}}]
})");
  CHECK(read.fault_lines().empty());
  CHECK(read.others == 1);
  CHECK(read.lines() ==
        Lines{"9 s1._domainkey.example.com|v=DKIM1; |p=a", "16 s2._domainkey.example.com|v=DKIM1; p=b"});
}

TEST_CASE("each provider has its own way to write strings and names") {
  ReadingRules rules;
  rules.origin = *DomainName::parse("example.com");
  const std::string long_text(300, 'x');
  for (const auto& [type, values, found] : std::vector<std::tuple<std::string, std::string, Lines>>{
           {"aws_route53_record",
            R"("name":"s1._domainkey","fqdn":"s1._domainkey.example.net","records":["a; b\"\"c"])",
            {"1 s1._domainkey.example.net|a; b|c"}},
           {"aws_route53_record",
            R"("name":"s1._domainkey","records":["a\" \"b","\\052\\\"\\\\"])",
            {"1 s1._domainkey.example.com|a|b", "1 s1._domainkey.example.com|*\"\\"}},
           {"aws_route53_record",
            R"("name":"s1._domainkey.example.com","records":["a"])",
            {"1 s1._domainkey.example.com|a"}},
           {"cloudflare_record",
            R"("hostname":"s1._domainkey.example.net","name":"s1._domainkey","value":"a; b")",
            {"1 s1._domainkey.example.net|a; b"}},
           {"cloudflare_record", R"("name":"@","content":"a","value":"a")", {"1 example.com|a"}},
           {"cloudflare_dns_record",
            R"("name":"s1._domainkey.example.com","content":"\"a \" \"b\\065\"")",
            {"1 s1._domainkey.example.com|a |bA"}},
           {"cloudflare_dns_record",
            R"("name":"s1._domainkey.example.com","content":")" + long_text + '"',
            {"1 s1._domainkey.example.com|" + long_text.substr(0, 255) + '|' + long_text.substr(255)}},
           // As Google says: a text with spaces and no quotation marks is several strings.
           {"google_dns_record_set",
            R"("name":"s1._domainkey.example.com.","rrdatas":["v=DKIM1; p=", "\"a b\""])",
            {"1 s1._domainkey.example.com|v=DKIM1;|p=", "1 s1._domainkey.example.com|a b"}}}) {
    INFO(values);
    const auto read = terraform(state(type, values), rules);
    CHECK(read.fault_lines().empty());
    CHECK(read.lines() == found);
  }
  CHECK(terraform(state("aws_route53_record", R"("name":"s1._domainkey","records":["a"])")).lines() ==
        Lines{"1 s1._domainkey?|a"});
  CHECK(terraform(state("aws_route53_record", R"("name":"s1._domainkey.a","records":["a"])", "data"))
            .lines()
            .empty());
  CHECK(terraform(state("dns_txt_record_set", R"("name":"s1._domainkey.a","txt":["a"])")).lines().empty());
}

TEST_CASE("faults of terraform's JSON are told from those of a record") {
  const std::string name = R"("name":"s1._domainkey.example.com.")";
  const std::string long_text(256, 'x');
  for (const auto& [text, fault] : std::vector<std::pair<std::string, std::string>>{
           {state("aws_route53_record", name),
            "1 file_no_text: x.y: its text is not known before it is applied"},
           {state("aws_route53_record", name + R"(,"records":["\"a\""])"),
            "1 file_quote: x.y: the provider adds the outer quotation marks; write only those between two "
            "strings"},
           {state("aws_route53_record", name + R"(,"records":[")" + long_text + "\"]"),
            "1 file_string_too_long: x.y: a string has 256 octets, at most 255 are allowed"},
           {state("google_dns_record_set", name + R"(,"rrdatas":["\"a"])"),
            "1 file_quote: x.y: a quoted string does not end"},
           {state("google_dns_record_set", name + R"(,"rrdatas":[""])"),
            "1 file_no_text: x.y: it has no string"},
           {state("google_dns_record_set", R"("name":"a..b","rrdatas":["x"])"),
            "1 file_name: x.y: `a..b` is not a record name"},
           {"{\"format_version\":\"2.0\"}", "1 file_syntax: the format version 2.0 is not known"},
           {R"({"version":4,"resources":[]})",
            "1 file_syntax: it has no format_version: this is not what `terraform show -json` prints"},
           {"{\n\"a\": }", "2 file_syntax: this is not JSON: error at byte 8"},
           {"{\"a\": 1e999}", "1 file_syntax: this is not JSON: error at byte 11"},
           {"{\"a\": \"" + std::string(1, '\0') + "\"}", "1 file_syntax: this is not JSON: error at byte 8"},
           {std::string(100'000, '['), "1 file_syntax: the JSON is nested more than 200 levels deep"},
           {"", "1 file_syntax: this is not JSON: error at byte 1"}}) {
    INFO(text.substr(0, 300));
    CHECK(terraform(text).fault_lines() == Lines{fault});
  }
}
