// What must hold whatever the servers say: found by looking at many made-up cases.
#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include "checks/catalogue/catalogue.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/judgement/judge.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"
#include "tests/checks/record/record_vector.hpp"

namespace checks = dkimprobe::checks;
namespace probe = dkimprobe::probe;
namespace tests = dkimprobe::tests;
using nlohmann::json;

namespace {

const std::vector<tests::ObservationVector>& all_vectors() {
  static const auto vectors = [] {
    std::vector<tests::ObservationVector> loaded;
    for (const char* folder : {"servers", "zones"}) {
      for (const auto& file : tests::vector_files(std::filesystem::path(DKIMPROBE_VECTORS) / folder))
        loaded.push_back(tests::load_observation(file));
    }
    for (const auto& file : tests::vector_files(std::filesystem::path(DKIMPROBE_VECTORS) / "records"))
      loaded.push_back(tests::load_record(file).observed);
    return loaded;
  }();
  return vectors;
}

tests::ObservationVector any_vector() {
  return all_vectors()[*rc::gen::inRange<std::size_t>(0, all_vectors().size())];
}

checks::Report judge(const tests::ObservationVector& vector) {
  return checks::judge(vector.observation, vector.expectation, checks::Policy{}).report;
}

std::multiset<std::string> found(const checks::Report& report) {
  std::multiset<std::string> lines;
  for (const auto& finding : report.findings) lines.insert(tests::summary(finding));
  return lines;
}

/// Without the rows on splits, and those on sizes, to which each string adds an octet.
std::multiset<std::string> found_in_any_split(const checks::Report& report) {
  static const std::set<std::string_view> on_splits = {"split_differs_between_ns", "txt_odd_split",
                                                       "txt_seam_damage"};
  std::multiset<std::string> lines;
  for (const auto& finding : report.findings) {
    if (finding.check->scope != checks::Scope::size && !on_splits.contains(finding.check->name))
      lines.insert(tests::summary(finding) + ": " + finding.detail.str());
  }
  return lines;
}

std::vector<std::string> cut_anew(const std::vector<std::string>& strings) {
  std::string text;
  for (const auto& part : strings) text += part;
  std::vector<std::string> cut;
  while (!text.empty()) {
    const auto length = std::min(text.size(), *rc::gen::inRange<std::size_t>(1, 256));
    cut.push_back(text.substr(0, length));
    text.erase(0, length);
  }
  return cut;
}

/// A server that never tells what it publishes, in one of many ways.
json any_failure() {
  static const std::vector<json> failures = {
      "timed_out",
      "malformed",
      "unreachable",
      "connection_reset",
      "local_error",
      "no_route",
      "interrupted",
      {{"rcode", "servfail"}},
      {{"rcode", "refused"}},
      {{"rcode", "formerr"}},
      {{"rcode", "notimp"}},
      {{"rcode", 9}},
      {{"rcode", "nxdomain"}, {"aa", false}},
      {{"aa", false}},
      {{"txt", "key"}, {"aa", false}},
      {{"tc", true}},
      {{"malformed_txt", 1}},
      {{"answers_elsewhere", 3}},
      {{"referral", {{"owner", "."}, {"targets", {"a.root-servers.net"}}}}},
      {{"referral", {{"owner", "example.com"}, {"targets", {"ns1.example.com"}}}}}};
  return *rc::gen::elementOf(failures);
}

json failing_server(int number) {
  json server = {{"server", "192.0.2." + std::to_string(number)},
                 {"name", "ns" + std::to_string(number) + ".example.com"}};
  for (const char* way : {"record_plain", "record_edns", "record_tcp"}) server[way] = any_failure();
  return server;
}

}  // namespace

TEST_CASE("the order of the servers does not affect the report") {
  CHECK(rc::check([] {
    auto vector = any_vector();
    const auto before = judge(vector);
    std::mt19937 random(*rc::gen::arbitrary<std::uint32_t>());
    for (auto* chain : {&vector.observation.key, &vector.observation.adsp}) {
      for (auto& hop : chain->hops) std::shuffle(hop.servers.begin(), hop.servers.end(), random);
    }
    const auto after = judge(vector);
    RC_ASSERT(found(after) == found(before));
    RC_ASSERT(after.status == before.status);
    RC_ASSERT(after.record.record_class == before.record.record_class);
    RC_ASSERT(after.adsp == before.adsp);
  }));
}

TEST_CASE("how a text is split into strings affects only the checks on splits") {
  CHECK(rc::check([] {
    auto vector = any_vector();
    const auto before = found_in_any_split(judge(vector));
    for (auto* chain : {&vector.observation.key, &vector.observation.adsp}) {
      for (auto& hop : chain->hops) {
        for (auto& server : hop.servers) {
          for (auto& exchange : server.exchanges) {
            if (!exchange.response) continue;
            for (auto& record : exchange.response->txt) record.strings = cut_anew(record.strings);
          }
        }
      }
    }
    RC_ASSERT(found_in_any_split(judge(vector)) == before);
  }));
}

TEST_CASE("any octets are judged, with the same result however they are split") {
  CHECK(rc::check([] {
    static const std::vector<std::string> pieces = {"v=DKIM1",
                                                    ";",
                                                    "; ",
                                                    "k=rsa",
                                                    "p=",
                                                    "=",
                                                    " ",
                                                    "\t",
                                                    "\r\n",
                                                    "n=",
                                                    "h=sha256",
                                                    ":",
                                                    "t=y",
                                                    "MIIB",
                                                    "\\;",
                                                    "\"",
                                                    ",",
                                                    "\x80",
                                                    "\xe2\x80\x9c",
                                                    "&quot;",
                                                    "IN TXT",
                                                    "g=",
                                                    "s=email",
                                                    "-----BEGIN",
                                                    "p",
                                                    "\x01",
                                                    std::string(1, '\0'),
                                                    "AAAA",
                                                    "MCow",
                                                    "ed25519"};
    std::string text;
    for (int i = *rc::gen::inRange(0, 30); i > 0; --i) text += *rc::gen::elementOf(pieces);
    text += *rc::gen::arbitrary<std::string>();
    auto vector = tests::read_observation({{"about", ""}, {"findings", json::array()}});
    const auto judged_in = [&](const std::vector<std::string>& strings) {
      for (auto& server : vector.observation.key.hops.front().servers) {
        for (auto& exchange : server.exchanges) {
          if (!exchange.response || exchange.response->txt.empty()) continue;
          exchange.response->txt.front().strings = strings;
        }
      }
      return judge(vector);
    };
    const auto whole = judged_in({text});
    for (const auto& finding : whole.findings) RC_ASSERT(finding.offset.value_or(0) <= text.size());
    RC_ASSERT(whole.outcomes.size() == checks::catalogue().size() - checks::signature_checks().size());
    RC_ASSERT(found_in_any_split(judged_in(cut_anew({text}))) == found_in_any_split(whole));
  }));
}

TEST_CASE("failing servers never make a key missing or different") {
  CHECK(rc::check([] {
    const int failing = *rc::gen::inRange(1, 6);
    const bool with_good_one = *rc::gen::arbitrary<bool>();
    json servers = json::array();
    if (with_good_one) servers.push_back({{"server", "192.0.2.99"}, {"name", "ns99.example.com"}});
    for (int number = 1; number <= failing; ++number) servers.push_back(failing_server(number));
    const auto vector =
        tests::read_observation({{"about", ""}, {"servers", servers}, {"findings", json::array()}});
    const auto report = judge(vector);
    static const std::set<std::string_view> absences = {
        "selector_missing_nxdomain",   "selector_missing_nodata",  "domain_nxdomain", "cname_dangling",
        "presence_differs_between_ns", "answer_differs_between_ns"};
    for (const auto& finding : report.findings) RC_ASSERT(absences.count(finding.check->name) == 0U);
    if (!with_good_one) {
      for (const auto& result : report.outcomes) {
        if (absences.count(result.check->name) != 0 && result.check->name != "domain_nxdomain")
          RC_ASSERT(result.outcome == checks::CheckOutcome::not_evaluated);
      }
      RC_ASSERT(report.status == checks::Status::unknown || report.status == checks::Status::critical);
    }
  }));
}

TEST_CASE("local errors are never blamed on a server") {
  CHECK(rc::check([] {
    static const std::vector<json> ours = {"local_error", "no_route", "interrupted"};
    json servers = json::array({{{"server", "192.0.2.99"}, {"name", "ns99.example.com"}}});
    json server = {{"server", "192.0.2.1"}, {"name", "ns1.example.com"}};
    for (const char* way :
         {"record_plain", "record_edns", "record_tcp", "zone_soa", "zone_ns", "wildcard_probe"})
      server[way] = *rc::gen::elementOf(ours);
    servers.push_back(server);
    const auto report =
        judge(tests::read_observation({{"about", ""}, {"servers", servers}, {"findings", json::array()}}));
    RC_ASSERT(report.findings.empty());
  }));
}
