#include "tests/exporters/sample_reports.hpp"
#include "config/basics/escape.hpp"

#include <chrono>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
#include "checks/record/key_record.hpp"
#include "checks/verifiers/rewrite.hpp"
#include "checks/verifiers/verifier.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Check;
using checks::Report;
using checks::Scope;
using checks::ServerId;
using checks::ServerOutcome;
using checks::ServerRow;
using checks::Severity;
using checks::Status;
using config::DomainName;
using std::chrono::microseconds;

// Rows of a separate catalogue, so that the golden files do not depend on the real one.
constexpr Check stale{.name = "ns_stale",
                      .scope = Scope::server,
                      .severity = Severity::critical,
                      .reference = "RFC 1034 section 4.3.5"};
constexpr Check differs{.name = "answer_differs_between_ns",
                        .scope = Scope::zone,
                        .severity = Severity::critical,
                        .reference = "RFC 1034 section 4.3.5"};
constexpr Check silent{.name = "ns_timeout_udp",
                       .scope = Scope::server,
                       .severity = Severity::warning,
                       .reference = "RFC 1035 section 4.2"};
constexpr Check revoked_key{.name = "key_revoked",
                            .scope = Scope::key,
                            .severity = Severity::critical,
                            .reference = "RFC 6376 section 3.6.1"};
constexpr Check unknown_tag{.name = "tag_unknown",
                            .scope = Scope::record,
                            .severity = Severity::notice,
                            .reference = "RFC 6376 section 3.6.1"};
constexpr Check too_big{.name = "udp512_exceeded",
                        .scope = Scope::size,
                        .severity = Severity::warning,
                        .reference = "RFC 1035 section 4.2.1"};
constexpr Check quorum{.name = "quorum_unknown", .scope = Scope::zone, .severity = Severity::warning};

DomainName name(const std::string& text) {
  return DomainName::parse(text).value();
}

Report base(const std::string& domain, const std::string& selector) {
  Report report;
  report.domain = name(domain);
  report.selector = config::Selector::parse(selector).value();
  report.name = report.selector.owner_name(report.domain).value();
  report.observed_at = probe::WallTime{std::chrono::milliseconds{1'795'311'296'789}};
  report.took = microseconds{214'300};
  probe::Delegation delegation;
  delegation.zone = report.domain;
  report.delegations.push_back(delegation);
  return report;
}

ServerRow row(const Report& report, const std::string& server, const std::string& address,
              const std::string& says, microseconds round_trip) {
  ServerRow made;
  made.id = ServerId{server, config::ServerAddress{config::Address::parse(address).value(), 53}};
  made.owner = report.name;
  made.outcome = ServerOutcome::answered;
  made.rcode = 0;
  made.authoritative = true;
  made.serial = 2026112201;
  made.ttl_seconds = 3'600;
  made.answer_sha256 = std::string(64, 'a');
  made.group = 'A';
  made.standing = checks::Standing::right;
  made.answer = says;
  made.round_trip = round_trip;
  made.udp_bytes = 467;
  return made;
}

void publish_rsa(Report& report) {
  const std::string key = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" + std::string(340, 'Q') + "IDAQAB";
  const std::string text = "v=DKIM1; k=rsa; p=" + key;
  report.record.record_class = checks::RecordClass::valid;
  report.record.strings = {text.substr(0, 255), text.substr(255)};
  report.record.tags = {{"v", "DKIM1", 0}, {"k", "rsa", 9}, {"p", key, 16}};
  report.key = checks::KeyFacts{"rsa", 2048,
                                "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 65'537};
  report.size.direct = 467;
  report.size.observed_udp = 467;
  report.size.observed_edns = 491;
  report.size.observed_tcp = 467;
}

void maintenance(ServerRow& server, const std::string& says) {
  server.outcome = ServerOutcome::timeout;
  server.rcode.reset();
  server.authoritative = false;
  server.serial.reset();
  server.ttl_seconds.reset();
  server.answer_sha256.clear();
  server.group = ' ';
  server.answer = says;
  server.round_trip.reset();
  server.udp_bytes.reset();
}

Report healthy() {
  Report report = base("example.com", "s1");
  publish_rsa(report);
  report.status = Status::ok;
  report.headline = "RSA 2048, the same on all 5 servers";
  report.servers = {row(report, "ns1.example.com", "192.0.2.1", "RSA 2048", microseconds{1'230}),
                    row(report, "ns1.example.com", "2001:db8::1", "RSA 2048", microseconds{1'410}),
                    row(report, "ns2.example.com", "192.0.2.2", "RSA 2048", microseconds{23'900}),
                    row(report, "ns3.example.net", "198.51.100.3", "RSA 2048", microseconds{101'000}),
                    row(report, "ns4.example.org", "203.0.113.4", "RSA 2048", microseconds{1'204'000})};
  report.outcomes = {{&stale, checks::CheckOutcome::clear}, {&silent, checks::CheckOutcome::clear}};
  report.dnssec = {{.owner = report.name,
                    .zones = {{name("."), checks::Security::secure, {20326, 38696}},
                              {name("com"), checks::Security::secure, {19718}},
                              {name("example.com"), checks::Security::secure, {370}}}}};
  for (const auto& server : report.servers) {
    report.dnssec.front().servers.push_back(
        {.id = server.id,
         .state = checks::Security::secure,
         .expires = std::chrono::sys_days{std::chrono::year{2026} / 12 / 9}});
  }
  return report;
}

Report alias() {
  Report report = base("example.com", "mail");
  publish_rsa(report);
  report.status = Status::warning;
  report.headline = "the answer is over 512 bytes";
  report.chain = {{report.name, name("mail.dkim.provider.example"), 300, false}};
  report.size.direct = 523;
  report.size.chain = 561;
  report.size.drop_first = {"n", "h"};
  probe::Delegation provider;
  provider.zone = name("dkim.provider.example");
  report.delegations.push_back(provider);
  auto first =
      row(report, "ns1.example.com", "192.0.2.1", "alias of mail.dkim.provider.example", microseconds{900});
  first.udp_bytes = 98;
  first.answer_sha256.clear();
  auto second = row(report, "a.dns.provider.example", "198.51.100.1", "RSA 2048", microseconds{12'000});
  second.owner = name("mail.dkim.provider.example");
  second.truncated = true;
  report.servers = {first, second};
  report.dnssec = {{.owner = report.name,
                    .zones = {{name("."), checks::Security::secure, {38696}},
                              {name("com"), checks::Security::secure, {19718}},
                              {name("example.com"), checks::Security::insecure, {}}},
                    .servers = {{.id = first.id,
                                 .state = checks::Security::insecure,
                                 .broken_link = "the zone com proves that example.com has no DS record"}}},
                   {.owner = second.owner,
                    .zones = {{name("."), checks::Security::secure, {38696}},
                              {name("provider.example"), checks::Security::bogus, {4}}},
                    .servers = {{.id = second.id,
                                 .state = checks::Security::bogus,
                                 .broken_link = "no key of the zone matches its DS records"}}}};
  report.findings = {
      {&too_big,
       Severity::warning,
       {},
       std::nullopt,
       "the answer needs 523 bytes and 512 pass without EDNS, so such resolvers ask again over TCP",
       "drop the tags n= and h= of mail.dkim.provider.example; then it needs 489 bytes"}};
  return report;
}

Report differing() {
  Report report = base("example.com", "s1");
  publish_rsa(report);
  report.status = Status::critical;
  report.headline = "1 of 3 servers publishes another key";
  report.servers = {row(report, "ns1.example.com", "192.0.2.1", "RSA 2048", microseconds{1'230}),
                    row(report, "ns2.example.com", "192.0.2.2", "RSA 2048", microseconds{1'900}),
                    row(report, "ns3.example.com", "192.0.2.3", "RSA 1024", microseconds{2'100})};
  report.servers[2].group = 'B';
  report.servers[2].standing = checks::Standing::differs;
  report.servers[2].serial = 2026112101;
  report.servers[2].ttl_seconds = 600;
  report.servers[2].udp_bytes = 290;
  report.findings = {
      {&differs,
       Severity::critical,
       {},
       std::nullopt,
       "A: ns1.example.com, ns2.example.com publish RSA 2048; B: ns3.example.com publishes RSA 1024",
       "make every server of example.com serve the same zone, then probe again"},
      {&stale,
       Severity::critical,
       {report.servers[2].id},
       std::nullopt,
       "its serial 2026112101 is behind 2026112201 and it still publishes the record of that time",
       "check the transfer of example.com to ns3.example.com: the NOTIFY it gets, its TSIG key, its log"},
      {&unknown_tag,
       Severity::notice,
       {report.servers[2].id},
       17,
       "the tag `x=` means nothing in a key record",
       ""}};
  return report;
}

Report dead() {
  Report report = healthy();
  report.status = Status::warning;
  report.headline = "1 of 5 servers does not answer; the others publish RSA 2048";
  maintenance(report.servers[3], "no answer in 2.8 s");
  report.findings = {{&silent,
                      Severity::warning,
                      {report.servers[3].id},
                      std::nullopt,
                      "3 attempts over UDP got no answer in 2.8 s",
                      "see whether ns3.example.net runs and whether a packet filter drops UDP to port 53"}};
  report.outcomes.push_back({&differs, checks::CheckOutcome::not_evaluated, {}});
  report.outcomes.push_back({&too_big, checks::CheckOutcome::not_evaluated,
                             config::escape_text("all our resolvers \x1b[31m are large enough")});
  return report;
}

/// A key that every server has, while caches may still hold its absence.
Report young() {
  Report report = healthy();
  report.role = config::Role::pending;
  report.negative_ttl_seconds = 3'600;
  const auto until = report.observed_at + std::chrono::minutes{30};
  report.rotation = checks::RotationFacts{
      until,
      std::nullopt,
      {checks::reason_for(checks::Reason::negative_ttl, until, "ns1.example.com had no record"),
       checks::reason_for(checks::Reason::never_used_contradicted, {},
                          config::escape_text("somebody\x1b[31m asked"))}};
  report.not_asked = {
      "2 of 13 addresses of com were asked for the delegation of example.com; the others may give a "
      "different one.",
      config::escape_text("1 of 2 addresses of \x1b[31m were asked")};
  return report;
}

/// A key that no longer signs and must stay published.
Report leaving() {
  Report report = healthy();
  report.role = config::Role::retired;
  const auto until = report.observed_at + std::chrono::hours{50};
  report.rotation = checks::RotationFacts{std::nullopt,
                                          until,
                                          {checks::reason_for(checks::Reason::retired_key_retention, until,
                                                              "mail may be verified for up to 168 h")}};
  return report;
}

/// A record that only some verifiers accept.
Report disputed() {
  Report report = base("example.com", "s1");
  report.status = Status::ok;
  report.headline = "Ed25519";
  const std::string text = "v=DKIM1; k=ed25519; s=*; g=; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY=";
  const checks::KeyRecord record = checks::read_key_record(text);
  report.record = {checks::RecordClass::valid, {text}, record.list.tags};
  report.key = checks::KeyFacts{record.key->algorithm, record.key->bits, record.key->sha256, std::nullopt};
  const std::string_view only = text;
  report.compatibility = {checks::judge_compatibility({&only, 1}, checks::algorithm_of(record)),
                          checks::rewrite_for_all(record)};
  report.servers = {row(report, "ns1.example.com", "192.0.2.1", "Ed25519", microseconds{1'230})};
  return report;
}

Report long_names() {
  const std::string label(58, 'x');
  Report report =
      base(fmt::format("a-very-long-label-of-a-customer.{}.hosting.example", label), "key-of-november");
  publish_rsa(report);
  report.status = Status::ok;
  report.headline = "RSA 2048, the same on all 2 servers";
  report.servers = {row(report, fmt::format("ns1.{}.hosting.example", label),
                        "2001:db8:1111:2222:3333:4444:5555:6666", "RSA 2048", microseconds{1'230}),
                    row(report, "ns2.hosting.example", "192.0.2.2", "RSA 2048", microseconds{1'900})};
  return report;
}

Report revoked() {
  Report report = base("example.com", "old");
  report.role = config::Role::retired;
  report.status = Status::critical;
  report.headline = "the key is revoked";
  report.record = {checks::RecordClass::revoked, {"v=DKIM1; p="}, {{"v", "DKIM1", 0}, {"p", "", 10}}};
  report.size.direct = 81;
  report.servers = {row(report, "ns1.example.com", "192.0.2.1", "revoked", microseconds{1'230})};
  report.servers[0].udp_bytes = 81;
  report.findings = {{&revoked_key,
                      Severity::critical,
                      {report.servers[0].id},
                      10,
                      "p= is empty",
                      "publish the key of the selector again, or stop signing with it"}};
  return report;
}

Report hostile() {
  Report report = base(R"(exa\027mple.com)", "s1");
  report.status = Status::critical;
  report.headline = config::escape_text("the record is\x1b]0;owned\x07 not a key");
  report.record.record_class = checks::RecordClass::not_dkim;
  report.record.strings = {std::string("\x1b[2J\x1b[31m<script>\0\xff\n\r\tp=", 24), std::string(400, '\\')};
  report.record.tags = {{"\x1b[2J", std::string("\0\xff", 2), 0}};
  report.servers = {row(report, "ns1.example.com", "192.0.2.1", config::escape_text("not DKIM:\x1b[5m x"),
                        microseconds{1'230})};
  report.servers[0].nsid = std::string("\x1b[7m\0", 5);
  report.findings = {{&unknown_tag,
                      Severity::notice,
                      {report.servers[0].id},
                      0,
                      config::escape_text("a tag \x9b"
                                          "31m that is not UTF-8"),
                      ""}};
  return report;
}

Report unknown() {
  Report report = base("example.com", "s1");
  report.status = Status::unknown;
  report.headline = "no server of example.com answered";
  report.delegations[0].outcome = probe::DiscoveryOutcome::no_servers;
  report.delegations[0].stopped_at = name("com");
  report.findings = {
      {&quorum, Severity::warning, {}, std::nullopt, "0 of 2 servers answered", "check the network"}};
  report.outcomes = {
      {&stale, checks::CheckOutcome::not_evaluated},   {&differs, checks::CheckOutcome::not_evaluated},
      {&silent, checks::CheckOutcome::not_evaluated},  {&revoked_key, checks::CheckOutcome::not_evaluated},
      {&too_big, checks::CheckOutcome::not_evaluated}, {&quorum, checks::CheckOutcome::found}};
  return report;
}

}  // namespace

std::vector<Sample> sample_reports() {
  return {{"healthy", healthy()}, {"alias", alias()},     {"differing", differing()}, {"dead", dead()},
          {"long", long_names()}, {"revoked", revoked()}, {"hostile", hostile()},     {"unknown", unknown()},
          {"young", young()},     {"leaving", leaving()}, {"disputed", disputed()}};
}

}  // namespace dkimprobe::exporters
