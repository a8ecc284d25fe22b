// The preflight as text and as JSON: a golden file for each readiness, and properties of all of them.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "checks/catalogue/catalogue.hpp"
#include "config/basics/escape.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/terminal/preflight_text.hpp"
#include "exporters/text/text_layout.hpp"
#include "tests/catch.hpp"
#include "tests/exporters/sample_reports.hpp"
#include "tests/golden_file.hpp"

using namespace dkimprobe;
using namespace dkimprobe::exporters;
using namespace std::chrono_literals;
using checks::Preflight;
using checks::Progress;
using checks::Readiness;

namespace {

// Rows of a separate catalogue, so that the golden files do not depend on the real one.
constexpr checks::Check no_tcp{.name = "ns_no_tcp_after_tc",
                               .scope = checks::Scope::server,
                               .severity = checks::Severity::critical,
                               .reference = "RFC 7766 section 5"};

struct Sample {
  std::string name{};
  Preflight preflight{};
};

config::DomainName name(const std::string& text) {
  return config::DomainName::parse(text).value();
}

checks::ServerId server(const std::string& server_name, const std::string& address) {
  return {server_name, {config::Address::parse(address).value(), 53}};
}

/// Five servers with the expected key.
Preflight base() {
  Preflight preflight;
  preflight.next = {"dkimprobe preflight example.com s1 --key s1.pem",
                    "dkimprobe rotation example.com s0 s1:pending", true};
  preflight.report = sample_reports().front().report;
  preflight.report.role = config::Role::pending;
  preflight.now = preflight.report.observed_at + 2s;
  preflight.expected_key = config::KeyIdentity{preflight.report.key->sha256, "rsa", 2048, {}};
  for (const auto& row : preflight.report.servers) {
    preflight.sign.servers.push_back({row.owner, row.id, Progress::match, preflight.now - 3min, "RSA 2048"});
  }
  preflight.sign.limits = {
      "One address may be many servers (anycast): only those that answered from here "
      "were seen."};
  return preflight;
}

Preflight ready() {
  Preflight preflight = base();
  preflight.sign.safe = {Readiness::ready,
                         preflight.now - 3min,
                         {checks::reason_for(checks::Reason::match_everywhere, preflight.now - 3min,
                                             "the last server was seen with the key")}};
  preflight.text_known = true;
  preflight.texts = {{{preflight.sign.servers[0].server}, {255, 155}, std::nullopt}};
  preflight.caches = {
      {{{config::Address::parse("192.0.2.53").value(), 53}, preflight.now, checks::CacheState::empty, 0},
       "192.0.2.53 has nothing in its cache for the name"}};
  preflight.public_answer = checks::PublicAnswer{
      {},
      {{{{config::Address::parse("192.0.2.53").value(), 53},
         preflight.now,
         checks::CacheState::expected,
         300},
        "192.0.2.53 has a TXT record for the name, for 300 s more; this is the expected key"}}};
  return preflight;
}

Preflight wait() {
  Preflight preflight = base();
  const auto at = preflight.now + 33min + 20s + 1ms;
  preflight.sign.safe = {
      Readiness::wait,
      at,
      {checks::reason_for(checks::Reason::negative_ttl, at,
                          "the absence of s1._domainkey.example.com was to be held for 3600 s"),
       checks::reason_for(checks::Reason::match_everywhere, preflight.now - 3min,
                          "the last server was seen with the key"),
       checks::reason_for(checks::Reason::resolver_unknown, {},
                          "what the resolver 192.0.2.53:53 holds is unknown")}};
  preflight.caches = {
      {{{config::Address::parse("192.0.2.53").value(), 53}, preflight.now, checks::CacheState::hidden, 0},
       "192.0.2.53 does not show its cache (REFUSED), so what it holds is unknown"}};
  preflight.public_answer = checks::PublicAnswer{
      "until it is safe to sign, the query itself could put a wrong answer into a cache", {}};
  return preflight;
}

Preflight nothing_known() {
  Preflight preflight = base();
  preflight.expected_key.reset();
  preflight.sign.safe = {Readiness::wait,
                         preflight.now + 24h,
                         {checks::reason_for(checks::Reason::nothing_known, preflight.now + 24h,
                                             "nothing is known of an earlier answer")}};
  return preflight;
}

Preflight not_ready() {
  Preflight preflight = base();
  preflight.report.chain = {{preflight.report.name, name("s1.dkim.provider.example"), 300, false}};
  auto& servers = preflight.sign.servers;
  servers[1].progress = Progress::absent;
  servers[1].detail = "NXDOMAIN";
  servers[2].progress = Progress::mismatch;
  servers[2].detail = "another key: RSA 1024, SHA-256 b6621c41...";
  servers[3].progress = Progress::corrupted;
  servers[3].detail = "broken record";
  servers[3].owner = name("s1.dkim.provider.example");
  servers[4].progress = Progress::revoked;
  servers[4].detail = "revoked";
  servers[4].owner = name("s1.dkim.provider.example");
  servers.push_back({servers[4].owner, server("b.dns.provider.example", "198.51.100.9"), Progress::unknown,
                     std::nullopt, "no answer in 2.8 s"});
  preflight.sign.safe = {Readiness::not_ready, {}, {}};
  preflight.text_known = true;
  preflight.texts = {
      {{servers[0].server}, {255, 155}, std::nullopt},
      {{servers[3].server},
       {412},
       checks::compare_texts("v=DKIM1; k=rsa; p=MIIB\" \"Ijan", "v=DKIM1; k=rsa; p=MIIBIjan")}};
  preflight.report.findings = sample_reports().at(2).report.findings;
  return preflight;
}

/// Every server has the key, but a finding forbids signing.
Preflight held_back() {
  Preflight preflight = base();
  preflight.report.findings = {{&no_tcp,
                                checks::Severity::critical,
                                {preflight.sign.servers[1].server},
                                std::nullopt,
                                "it truncates its answer over UDP and gives none over TCP",
                                "let TCP to port 53 of ns1.example.com through"}};
  preflight.sign.safe = {Readiness::not_ready,
                         {},
                         {checks::reason_for(checks::Reason::match_everywhere, preflight.now - 3min,
                                             "the last server was seen with the key"),
                          checks::reason_for(*checks::find_check("ns_no_tcp_after_tc"),
                                             "it truncates its answer over UDP and gives none over TCP")}};
  return preflight;
}

Preflight unknown() {
  Preflight preflight = base();
  preflight.sign.servers[3].progress = Progress::unknown;
  preflight.sign.servers[3].detail = "no answer in 2.8 s";
  preflight.sign.servers[3].since.reset();
  preflight.sign.safe = {Readiness::unknown, {}, {}};
  preflight.no_way = "This machine has no way to IPv6 addresses: leave them out with -4.";
  return preflight;
}

Preflight hostile() {
  Preflight preflight = base();
  preflight.report = sample_reports().at(6).report;
  preflight.sign.servers[0].detail = config::escape_text("\x1b[31mred\n");
  preflight.sign.servers[0].server.name = config::escape_text("ns\x1b]0;owned\x07");
  preflight.sign.safe = {Readiness::not_ready,
                         {},
                         {checks::reason_for(checks::Reason::negative_ttl, {},
                                             config::escape_text("\x9b"
                                                                 "31m\r\n\t"))}};
  preflight.sign.limits = {config::escape_text("\x1b[2J")};
  preflight.text_known = true;
  preflight.texts = {{{preflight.sign.servers[0].server},
                      {3},
                      checks::compare_texts(std::string("\x1b[31m\0\xff", 7), "v=DKIM1")}};
  preflight.caches = {
      {{{config::Address::parse("192.0.2.53").value(), 53}, preflight.now, checks::CacheState::unknown, 0},
       config::escape_text("\x1b[7m")}};
  return preflight;
}

std::vector<Sample> samples() {
  return {{"ready", ready()},         {"wait", wait()},           {"nothing_known", nothing_known()},
          {"not_ready", not_ready()}, {"held_back", held_back()}, {"unknown", unknown()},
          {"hostile", hostile()}};
}

}  // namespace

TEST_CASE("each preflight matches its golden file") {
  for (const auto& [sample, preflight] : samples()) {
    INFO(sample);
    tests::compare_with_golden("preflight/" + sample + ".txt", preflight_text(preflight, {80, false, true}));
    tests::compare_with_golden("preflight/" + sample + ".json", preflight_json(preflight));
  }
  tests::compare_with_golden("preflight/not_ready-ascii-50.txt",
                             preflight_text(not_ready(), {50, false, false}));
}

TEST_CASE("the first line of a preflight is its verdict") {
  const auto first = [](const Preflight& preflight) {
    return tests::lines_of(preflight_text(preflight, {80, false, true})).front();
  };
  CHECK(first(ready()) == "✓ SIGN NOW");
  CHECK(first(wait()) == "◷ WAIT until 2026-11-22 02:08:19 UTC (in 34 min)");
  CHECK(first(unknown()) ==
        "? UNKNOWN: 1 of 5 servers could not be checked; this machine has no way to IPv6");
  Preflight one = base();
  one.sign.safe.readiness = Readiness::not_ready;
  one.sign.servers[4].progress = Progress::mismatch;
  CHECK(first(one) == "✗ NOT READY: 1 of 5 servers has another key");
  one.sign.servers.clear();
  one.sign.safe.readiness = Readiness::unknown;
  CHECK(first(one) == "? UNKNOWN: no server for the name could be found");
  CHECK(first(held_back()).starts_with("✗ NOT READY: all 5 servers have the correct key, but: a server "));
  // The given servers may differ from what the public sees.
  Preflight given = ready();
  given.only_given_servers = true;
  CHECK(first(given) == "✓ SIGN NOW, by the given servers only: others of the zone were not queried");
  Preflight tie = base();
  tie.expected_key.reset();
  tie.sign.safe.readiness = Readiness::not_ready;
  for (auto& server : tie.sign.servers) server.progress = Progress::mismatch;
  CHECK(first(tie) == "✗ NOT READY: the servers have different keys, each equally often; give yours as");
  Preflight pieces = base();
  pieces.text_known = false;
  CHECK(preflight_text(pieces, {80, false, true}).find("no quotes, escapes or other corruption") !=
        std::string::npos);
  pieces.report.findings = {{.check = checks::find_check("selector_multiple_keys")}};
  CHECK(preflight_text(pieces, {80, false, true}).find("corrupted: see the findings below") !=
        std::string::npos);
  Preflight expired = base();
  expired.sign.safe.readiness = Readiness::unknown;
  expired.sign.safe.reasons = {
      checks::reason_for(*checks::find_check("rrsig_expired"), "the DNSSEC signatures expired")};
  CHECK(first(expired) == "? UNKNOWN: all 5 servers have the correct key, but: all DNSSEC signatures of a");
  const auto text = preflight_text(expired, {80, false, true});
  CHECK(text.find("sign the zone again first") != std::string::npos);
}

TEST_CASE("whoever signs until then belongs in the command that goes on") {
  const auto says_so = [](const Preflight& preflight) {
    return preflight_text(preflight, {200, false, true}).find("if another selector signs until then") !=
           std::string::npos;
  };
  Preflight alone = ready();
  CHECK_FALSE(says_so(alone));
  alone.next.signer_is_known = false;
  CHECK(says_so(alone));
}

TEST_CASE("no line of a preflight is wider than the terminal, and no foreign byte reaches it") {
  for (const auto& [sample, preflight] : samples()) {
    for (const std::size_t columns : {1U, 40U, 57U, 80U, 110U}) {
      for (const bool unicode : {true, false}) {
        const TableStyle style{columns, false, unicode};
        std::vector<std::string> lines = tests::lines_of(preflight_text(preflight, style));
        for (auto& line : progress_lines(preflight, {std::max<std::size_t>(columns, 40), false, unicode}))
          lines.push_back(std::move(line));
        for (const auto& line : lines) {
          INFO(sample << " at " << columns << ": " << line);
          // Commands are copied, so they are not wrapped.
          if (!line.starts_with("    dkimprobe "))
            CHECK(text_width(line) <= std::max<std::size_t>(columns, 40));
          CHECK(std::none_of(line.begin(), line.end(), [&](char c) {
            const auto octet = static_cast<unsigned char>(c);
            return octet < 0x20 || octet == 0x7f || (!unicode && octet >= 0x80);
          }));
        }
      }
    }
  }
}

TEST_CASE("colour changes no text of a preflight") {
  for (const auto& [sample, preflight] : samples()) {
    INFO(sample);
    const std::string colored = preflight_text(preflight, {80, true, true});
    CHECK(colored.find('\x1b') != std::string::npos);
    CHECK(tests::without_colors(colored) == preflight_text(preflight, {80, false, true}));
  }
}
