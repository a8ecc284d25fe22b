#include "checks/judgement/headline.hpp"

#include <nlohmann/json.hpp>

#include "checks/judgement/judge.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"

namespace checks = dkimprobe::checks;
namespace tests = dkimprobe::tests;

namespace {

std::string headline_of(const char* vector) {
  const auto given = tests::read_observation(nlohmann::json::parse(vector));
  return checks::judge(given.observation, given.expectation, {}).report.headline.str();
}

}  // namespace

TEST_CASE("the headline counts the servers that publish the record, and the others if there are any") {
  CHECK(headline_of(R"({"about": "", "findings": []})") == "RSA 2048 on 2 servers");
  CHECK(headline_of(R"({"about": "", "findings": [], "role": "pending", "servers": [
      {"server": "192.0.2.1", "name": "ns1.example.com"},
      {"server": "192.0.2.2", "name": "ns2.example.com", "record": {"rcode": "nxdomain"}}]})") ==
        "RSA 2048 on 1 of 2 servers");
  // A record that should be there counts, however few servers have it.
  CHECK(headline_of(R"({"about": "", "findings": [], "role": "pending", "servers": [
      {"server": "192.0.2.1", "name": "ns1.example.com"},
      {"server": "192.0.2.2", "name": "ns2.example.com", "record": {"rcode": "nxdomain"}},
      {"server": "192.0.2.3", "name": "ns3.example.com", "record": {"rcode": "nxdomain"}}]})") ==
        "RSA 2048 on 1 of 3 servers");
  CHECK(headline_of(R"({"about": "", "findings": [], "role": "pending", "record": {"rcode": "nxdomain"}})") ==
        "no record yet on 2 servers");
  // A server that this machine cannot reach at all is not counted.
  CHECK(headline_of(R"({"about": "", "findings": [], "servers": [
      {"server": "192.0.2.1", "name": "ns1.example.com"},
      {"server": "192.0.2.2", "name": "ns2.example.com"},
      {"server": "2001:db8::1", "name": "ns1.example.com", "not_asked": "family_disabled"}]})") ==
        "RSA 2048 on 2 servers");
}
