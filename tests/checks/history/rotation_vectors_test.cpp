// Each vector is a story: looks one after another, and what may be done after the last one. The format stands
// in tests/checks/vectors/README.md.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "checks/history/history.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/judgement/judge.hpp"
#include "checks/report/caveats.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"

namespace checks = dkimprobe::checks;
namespace probe = dkimprobe::probe;
namespace tests = dkimprobe::tests;
using nlohmann::json;
using std::chrono::seconds;

namespace {

constexpr probe::WallTime start{seconds{1'767'225'600}};
constexpr std::string_view readiness_names[] = {"ready", "wait", "not_ready", "unknown"};
constexpr std::string_view progress_names[] = {"right",   "mismatch", "damaged",
                                               "revoked", "absent",   "unknown"};
constexpr std::string_view cache_names[] = {"denied", "other", "expected", "empty", "hidden", "unknown"};

/// The key of that name, as the vectors of observations call it.
std::string key_sha256(const std::string& key) {
  const auto vector =
      tests::read_observation({{"about", ""}, {"record", {{"txt", key}}}, {"findings", json::array()}});
  return checks::judge(vector.observation, vector.expectation, checks::Policy{}).report.key.value().sha256;
}

probe::Observation probe_of(json probe) {
  const auto at = seconds{probe.at("at").get<int>()};
  probe.erase("at");
  probe["about"] = "";
  probe["findings"] = json::array();
  auto observation = tests::read_observation(probe).observation;
  observation.observed_at = start + at;
  observation.took = {};
  return observation;
}

std::vector<checks::CacheContent> caches_of(const json& vector) {
  std::vector<checks::CacheContent> caches;
  for (const auto& each : vector.value("caches", json::array())) {
    checks::CacheContent cache;
    cache.resolver.ip = dkimprobe::config::Address::parse("192.0.2.53").value();
    cache.seen = start + seconds{each.at("at").get<int>()};
    const auto* const state = std::ranges::find(cache_names, each.at("state").get<std::string>());
    if (state == std::end(cache_names)) throw std::runtime_error("no such state of a cache");
    cache.state = static_cast<checks::CacheState>(state - std::begin(cache_names));
    cache.seconds_left = each.value("left", 0U);
    caches.push_back(cache);
  }
  return caches;
}

json told(const checks::SafeTime& safe) {
  json reasons = json::array();
  for (const auto& reason : safe.reasons) {
    CHECK_FALSE(reason.detail.empty());
    // Nothing moves a time by more than itself.
    if (reason.until && safe.at) CHECK(*reason.until <= *safe.at);
    reasons.push_back(reason.name());
  }
  json text{{"readiness", readiness_names[static_cast<std::size_t>(safe.readiness)]}, {"reasons", reasons}};
  if (safe.at) text["at"] = std::chrono::duration_cast<seconds>(*safe.at - start).count();
  return text;
}

json told(const std::vector<checks::ServerProgress>& servers) {
  json list = json::array();
  for (const auto& server : servers) {
    CHECK_FALSE(server.detail.empty());
    list.push_back(progress_names[static_cast<std::size_t>(server.progress)]);
  }
  return list;
}

/// What a probe cannot show, besides the caveats, which hold for every probe.
void check_limit(const nlohmann::json& vector, const std::vector<dkimprobe::config::EscapedText>& limits) {
  if (vector.contains("limit")) {
    REQUIRE_FALSE(limits.empty());
    CHECK(limits.front().str().find(vector["limit"].get<std::string>()) != std::string::npos);
  }
  for (const auto& caveat : checks::caveats()) {
    if (!caveat.only_with_removed_server)
      CHECK(std::ranges::find(limits, caveat.text, &dkimprobe::config::EscapedText::str) == limits.end());
  }
}

}  // namespace

TEST_CASE("each rotation vector has the results that it states") {
  for (const auto& file : tests::vector_files(std::filesystem::path(DKIMPROBE_VECTORS) / "rotation")) {
    std::ifstream stream(file);
    const json vector = json::parse(stream);
    INFO(file.filename().string() << ": " << vector.at("about").get<std::string>());
    for (const auto& [key, value] : vector.items()) {
      INFO("key " << key);
      CHECK(std::string(
                "about probes now key never_used caches last_signature sign gone remove servers only limit")
                .find(key) != std::string::npos);
    }
    checks::SelectorHistory history;
    for (const auto& probe : vector.at("probes")) checks::extend(history, probe_of(probe));
    const auto now = start + seconds{vector.at("now").get<int>()};
    checks::NewKey key;
    if (vector.contains("key")) key.sha256 = key_sha256(vector["key"]);
    key.never_used = vector.value("never_used", false);
    checks::RotationPolicy policy;
    if (key.never_used)
      key.domainkey_absence = checks::earlier_domainkey_absence(probe_of(vector.at("probes").back()), policy);
    policy.ipv4 = vector.value("only", "ipv4") == "ipv4";
    policy.ipv6 = vector.value("only", "ipv6") == "ipv6";

    if (vector.contains("sign")) {
      const auto verdict = checks::safe_to_sign(history, key, caches_of(vector), policy, now);
      CHECK(told(verdict.safe) == vector["sign"]);
      check_limit(vector, verdict.limits);
      if (vector.contains("servers")) CHECK(told(verdict.servers) == vector["servers"]);
    }
    if (vector.contains("gone")) {
      const auto verdict = checks::gone(history, key.sha256, policy, now);
      CHECK(told(verdict.gone) == vector["gone"]);
      check_limit(vector, verdict.limits);
    }
    if (vector.contains("remove")) {
      std::optional<probe::WallTime> last;
      if (vector.contains("last_signature")) last = start + seconds{vector["last_signature"].get<int>()};
      CHECK(told(checks::safe_to_remove(last, policy, now)) == vector["remove"]);
    }
  }
}

TEST_CASE("without a route to an address family, the report names the flag that leaves it out") {
  const auto sentence = [](const std::string& first, const std::string& second) {
    const json server{{"name", "ns1.example.com"}};
    json servers = json::array({server, server});
    servers[0]["server"] = "192.0.2.1";
    servers[1]["server"] = "2001:db8::1";
    if (!first.empty()) servers[0]["not_asked"] = first;
    if (!second.empty()) servers[1]["not_asked"] = second;
    return checks::no_way_sentence(
        tests::read_observation({{"about", ""}, {"servers", servers}, {"findings", json::array()}})
            .observation);
  };
  const std::string no_ipv6 = sentence("", "no_route");
  CHECK(no_ipv6.find("no IPv6") != std::string::npos);
  CHECK(no_ipv6.find("give -4 ") != std::string::npos);
  CHECK(sentence("no_route", "").find("give -6 ") != std::string::npos);
  CHECK(sentence("", "").empty());
  CHECK(sentence("", "family_disabled").empty());
  // With neither there is no network at all, and nothing is left when both are left out.
  CHECK(sentence("no_route", "no_route").starts_with("This machine has no network"));
}
