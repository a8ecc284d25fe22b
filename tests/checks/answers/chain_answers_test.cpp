#include "checks/answers/chain_answers.hpp"

#include <nlohmann/json.hpp>

#include "checks/answers/server_answer.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"

namespace checks = dkimprobe::checks;
namespace tests = dkimprobe::tests;
using checks::ServerOutcome;
using nlohmann::json;

namespace {

/// An observation of two servers, the second of which answers as described.
tests::ObservationVector second_server(json second) {
  second["server"] = "192.0.2.2";
  second["name"] = "ns2.example.com";
  return tests::read_observation(
      {{"about", ""},
       {"servers", {{{"server", "192.0.2.1"}, {"name", "ns1.example.com"}}, std::move(second)}},
       {"findings", json::array()}});
}

tests::ObservationVector from(const char* text) {
  return tests::read_observation(json::parse(text));
}

checks::ServerRow second_row(json second) {
  const auto vector = second_server(std::move(second));
  return checks::read_answers(vector.observation.key).hops.front().rows.at(1);
}

std::vector<std::string> addresses(const std::vector<checks::ServerId>& servers) {
  std::vector<std::string> texts;
  for (const auto& server : servers) texts.push_back(server.address.ip.to_string());
  return texts;
}

}  // namespace

TEST_CASE("SOA serials are compared by serial number arithmetic") {
  CHECK(checks::serial_is_newer(2, 1));
  CHECK_FALSE(checks::serial_is_newer(1, 2));
  CHECK_FALSE(checks::serial_is_newer(7, 7));
  CHECK(checks::serial_is_newer(0, 0xffffffff));
  CHECK(checks::serial_is_newer(0x80000000, 1));
  // RFC 1982 section 3.2 leaves a distance of 2^31 undefined: neither is newer.
  CHECK_FALSE(checks::serial_is_newer(0x80000000, 0));
  CHECK_FALSE(checks::serial_is_newer(0, 0x80000000));
}

TEST_CASE("a server's outcome is taken from its answers before its failures") {
  struct Case {
    const char* server;
    ServerOutcome outcome;
    const char* says;
  };
  const auto given = GENERATE(
      Case{R"({})", ServerOutcome::answered, "TXT of 410 bytes"},
      Case{R"({"record_plain": "timed_out"})", ServerOutcome::answered, "TXT of 410 bytes"},
      Case{R"({"record_plain": "timed_out", "record_edns": {"rcode": "servfail"}})", ServerOutcome::answered,
           "TXT of 410 bytes"},
      Case{R"({"record_plain": {"rcode": "servfail"}, "record_edns": {}, "record_tcp": "timed_out"})",
           ServerOutcome::nodata, "no TXT"},
      Case{R"({"record": {"rcode": "nxdomain"}})", ServerOutcome::nxdomain, "NXDOMAIN"},
      Case{R"({"record": {"rcode": "nxdomain", "cname": "a.example"}})", ServerOutcome::answered,
           "CNAME to a.example"},
      Case{
          R"({"record_plain": {"tc": true}, "record_edns": {"tc": true}, "record_tcp": "connection_refused"})",
          ServerOutcome::tcp_failed, "truncated, TCP failed"},
      Case{
          R"({"record_plain": {"tc": true, "txt": "key"}, "record_edns": "timed_out", "record_tcp": "timed_out"})",
          ServerOutcome::tcp_failed, "truncated, TCP failed"},
      Case{R"({"record_plain": "timed_out", "record_edns": "timed_out", "record_tcp": {"rcode": "refused"}})",
           ServerOutcome::refused, "REFUSED"},
      Case{R"({"record": {"rcode": 9}})", ServerOutcome::other_rcode, "rcode 9"},
      Case{R"({"record": {"referral": {"owner": ".", "targets": ["a.root-servers.net"]}}})",
           ServerOutcome::upward_referral, "refers upwards"},
      Case{R"({"record": {"referral": {"owner": "example.com", "targets": ["ns1.example.com"]}}})",
           ServerOutcome::self_referral, "refers to itself"},
      Case{R"({"record": {"txt": "key", "aa": false}})", ServerOutcome::not_authoritative,
           "not authoritative"},
      Case{R"({"record_plain": "malformed", "record_edns": "timed_out", "record_tcp": "timed_out"})",
           ServerOutcome::malformed, "malformed answer"},
      Case{R"({"record": {"malformed_txt": 1}})", ServerOutcome::malformed, "malformed answer"},
      Case{R"({"record": {"answers_elsewhere": 1}})", ServerOutcome::malformed, "malformed answer"},
      Case{R"({"record_plain": "unreachable", "record_tcp": "connection_refused"})",
           ServerOutcome::unreachable, "unreachable"},
      Case{R"({"record": "timed_out"})", ServerOutcome::timeout, "no answer in 3.0 s"},
      Case{R"({"record": "local_error"})", ServerOutcome::local_error, "failed on this machine"},
      Case{R"({"record": "interrupted"})", ServerOutcome::local_error, "failed on this machine"},
      Case{R"({"record": "no_route"})", ServerOutcome::not_asked, "not asked: no route from here"},
      // The first question, for the SOA record, took all the time.
      Case{R"({"record": "not_asked", "zone_soa": "unreachable"})", ServerOutcome::unreachable,
           "unreachable"},
      Case{R"({"record": "not_asked", "zone_soa": "timed_out"})", ServerOutcome::timeout,
           "no answer in 2.8 s"},
      Case{R"({"record": "not_asked"})", ServerOutcome::not_asked, "not asked: a limit was reached"},
      Case{R"({"not_asked": "address_refused"})", ServerOutcome::not_asked, "not asked: no public address"},
      Case{R"({"record_tcp": {"rcode": "nxdomain"}})", ServerOutcome::answered,
           "TXT of 410 bytes, inconsistent"});
  INFO(given.server);
  const auto row = second_row(json::parse(given.server));
  CHECK(checks::to_string(row.outcome) == checks::to_string(given.outcome));
  CHECK(row.answer == given.says);
}

TEST_CASE("a server row holds serial, TTL, NSID, times and sizes as well as the outcome") {
  const auto row = second_row(json::parse(
      R"({"serial": 77, "record_plain": {"txt": "key", "ttl": 300, "took_ms": 25, "bytes": 467},
          "record_edns": {"txt": "key", "nsid": "fra1"}})"));
  CHECK(row.serial == 77U);
  CHECK(row.ttl_seconds == 300U);
  CHECK(row.nsid == "fra1");
  CHECK(row.round_trip == std::chrono::milliseconds{25});
  CHECK(row.udp_bytes == 467U);
  CHECK(row.rcode == 0);
  CHECK(row.authoritative);
  CHECK_FALSE(row.truncated);
  CHECK(row.answer_sha256.size() == 64);
  CHECK(row.group == 'A');
  CHECK(row.id.name == "ns2.example.com");

  const auto cut = second_row(json::parse(R"({"record": {"txt": ["key_cut_early"]}})"));
  CHECK(cut.answer_sha256 == row.answer_sha256);
  const auto other = second_row(json::parse(R"({"record": {"txt": "mismatch"}})"));
  CHECK(other.answer_sha256 != row.answer_sha256);
  const auto negative =
      second_row(json::parse(R"({"record": {"rcode": "nxdomain"}, "zone_soa": "timed_out", "serial": 5})"));
  CHECK(negative.serial == 5U);
  CHECK(negative.rcode == 3);
  CHECK(negative.answer_sha256.empty());
  const auto silent = second_row(json::parse(R"({"record": "timed_out"})"));
  CHECK(silent.group == ' ');
  CHECK_FALSE(silent.rcode);
  CHECK_FALSE(silent.round_trip);
}

TEST_CASE("two records and one record split into two strings have different digests") {
  const auto apart = second_row(json::parse(R"({"record": {"txt": [["a"], ["b"]]}})"));
  const auto together = second_row(json::parse(R"({"record": {"txt": [["a", "b"]]}})"));
  CHECK(apart.answer_sha256 != together.answer_sha256);
}

TEST_CASE("groups of equal answers are sorted by size, then by newer serial, then by lowest address") {
  struct Case {
    const char* about;
    const char* servers;
    std::vector<std::string> first;
  };
  const auto given = GENERATE(
      Case{"size before serial",
           R"([{"server": "192.0.2.1", "name": "a.example.com", "record": {"txt": "mismatch"}, "serial": 9},
               {"server": "192.0.2.2", "name": "b.example.com", "serial": 1},
               {"server": "192.0.2.3", "name": "c.example.com", "serial": 1}])",
           {"192.0.2.2", "192.0.2.3"}},
      Case{"the newer serial",
           R"([{"server": "192.0.2.1", "name": "a.example.com", "serial": 4294967295},
               {"server": "192.0.2.2", "name": "b.example.com", "record": {"txt": "mismatch"}, "serial": 1}])",
           {"192.0.2.2"}},
      Case{"the lowest address",
           R"([{"server": "192.0.2.9", "name": "a.example.com"},
               {"server": "192.0.2.2", "name": "b.example.com", "record": {"txt": "mismatch"}}])",
           {"192.0.2.2"}});
  INFO(given.about);
  const auto vector = tests::read_observation(
      {{"about", ""}, {"servers", json::parse(given.servers)}, {"findings", json::array()}});
  const auto answers = checks::read_answers(vector.observation.key);
  REQUIRE(answers.hops.front().groups.size() == 2);
  CHECK(answers.hops.front().groups[0].letter == 'A');
  CHECK(answers.hops.front().groups[1].letter == 'B');
  CHECK(addresses(answers.hops.front().groups[0].servers) == given.first);
  CHECK(addresses(answers.published.front().servers) == given.first);
}

TEST_CASE("published texts are those at the end of the aliases") {
  const auto vector = from(R"({"about": "", "findings": [],
    "servers": [
      {"server": "192.0.2.1", "name": "ns1.example.com", "record": {"cname": "k.provider.example", "ttl": 60}},
      {"server": "192.0.2.2", "name": "ns2.example.com", "record": {"cname": "k.provider.example", "ttl": 90}},
      {"server": "192.0.2.3", "name": "ns3.example.com", "record": {"txt": "mismatch"}},
      {"server": "192.0.2.4", "name": "ns4.example.com", "record": {"rcode": "servfail"}}],
    "hops": [{"owner": "k.provider.example", "zone": "provider.example"}]})");
  const auto answers = checks::read_answers(vector.observation.key);
  CHECK(answers.known);
  CHECK(answers.longest_path == 1);
  REQUIRE(answers.aliases.size() == 1);
  CHECK(answers.aliases.front().ttl_seconds == 90);
  REQUIRE(answers.published.size() == 2);
  CHECK(addresses(answers.published[0].servers) == std::vector<std::string>{"198.51.100.1", "198.51.100.2"});
  CHECK(addresses(answers.published[0].led_here) == std::vector<std::string>{"192.0.2.1", "192.0.2.2"});
  CHECK(answers.published[0].owner.to_string() == "k.provider.example");
  CHECK(answers.published[0].texts.front().strings.size() == 2);
  CHECK(addresses(answers.published[1].servers) == std::vector<std::string>{"192.0.2.3"});
  CHECK(answers.published[1].led_here.empty());
}

TEST_CASE("the largest group is counted in servers of the first name, not in servers behind an alias") {
  const auto vector = from(R"({"about": "", "findings": [],
    "servers": [
      {"server": "192.0.2.1", "name": "ns1.example.com", "record": {"cname": "k.provider.example"}},
      {"server": "192.0.2.2", "name": "ns2.example.com", "record": {"rcode": "nxdomain"}},
      {"server": "192.0.2.3", "name": "ns3.example.com", "record": {"rcode": "nxdomain"}}],
    "hops": [{"owner": "k.provider.example", "zone": "provider.example", "servers": [
      {"server": "198.51.100.1", "name": "ns1.provider.example"}, {"server": "198.51.100.2", "name": "ns2.provider.example"},
      {"server": "198.51.100.3", "name": "ns3.provider.example"}, {"server": "198.51.100.4", "name": "ns4.provider.example"}]}]})");
  const auto answers = checks::read_answers(vector.observation.key);
  REQUIRE(answers.published.size() == 2);
  CHECK(answers.published[0].outcome == ServerOutcome::nxdomain);
}

TEST_CASE("a chain is known only if a server of each name answered") {
  const auto known = [](const char* target) {
    json vector = json::parse(R"({"about": "", "findings": [], "record": {"cname": "k.provider.example"},
      "hops": [{"owner": "k.provider.example", "zone": "provider.example"}]})");
    vector["hops"][0]["record"] = json::parse(target);
    const auto read = tests::read_observation(vector);
    const auto answers = checks::read_answers(read.observation.key);
    return std::make_pair(answers.known, answers.published.size());
  };
  CHECK(known(R"({"txt": "key"})") == std::make_pair(true, std::size_t{1}));
  CHECK(known(R"({"rcode": "nxdomain"})") == std::make_pair(true, std::size_t{1}));
  CHECK(known(R"({"rcode": "servfail"})") == std::make_pair(false, std::size_t{0}));
  CHECK(known(R"("timed_out")") == std::make_pair(false, std::size_t{0}));
  CHECK(known(R"({"rcode": "nxdomain", "aa": false})") == std::make_pair(false, std::size_t{0}));
  CHECK_FALSE(checks::read_answers({}).known);
}

TEST_CASE("a loop of aliases ends and publishes nothing") {
  const auto vector = from(R"({"about": "", "findings": [], "record": {"cname": "a.example"}, "chain": "loop",
    "hops": [{"owner": "a.example", "zone": "example", "record": {"cname": "b.example"}},
             {"owner": "b.example", "zone": "example", "record": {"cname": "a.example"}}]})");
  const auto answers = checks::read_answers(vector.observation.key);
  CHECK(answers.known);
  CHECK(answers.published.empty());
  CHECK(answers.aliases.size() == 3);
}
