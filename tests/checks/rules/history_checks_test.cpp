// The rows that only time tells: each vector of a selector over time finds what it states, and nothing else.
#include <algorithm>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "checks/catalogue/catalogue.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/judgement/judge.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"

namespace checks = dkimprobe::checks;
namespace tests = dkimprobe::tests;

namespace {

const std::filesystem::path vectors = std::filesystem::path(DKIMPROBE_VECTORS) / "history";

checks::Report judge(const tests::ObservationVector& vector) {
  auto history = vector.history;
  checks::rewind_to(history, vector.observation);
  return checks::judge(vector.observation, vector.expectation, history, vector.policy, {}, vector.elsewhere)
      .report;
}

}  // namespace

TEST_CASE("each history vector has exactly the findings that it states") {
  for (const auto& file : tests::vector_files(vectors)) {
    const auto expected = tests::load_observation(file);
    INFO(file.filename().string() << ": " << expected.about);
    const auto report = judge(expected);
    CHECK(tests::differences(expected, report) == "");
    const std::string stem = file.stem().string();
    const std::string name = stem.substr(0, std::min(stem.find("_near"), stem.find("_by")));
    REQUIRE(checks::find_check(name) != nullptr);
    const bool found = std::ranges::any_of(
        report.findings, [&](const checks::Finding& finding) { return finding.check->name == name; });
    CHECK(found == (stem.find("_near") == std::string::npos));
    for (const auto& finding : report.findings) CHECK_FALSE(finding.remedy.empty());
  }
}

TEST_CASE("each check on history has a vector that triggers it and one that almost does") {
  for (const auto& row : checks::history_checks()) {
    const std::string name(row.name);
    CAPTURE(name);
    CHECK(std::filesystem::exists(vectors / (name + ".json")));
    CHECK(std::ranges::any_of(tests::vector_files(vectors), [&](const std::filesystem::path& file) {
      return file.stem().string().starts_with(name + "_near");
    }));
  }
}

TEST_CASE("without history and last signature, only history checks that need neither are evaluated") {
  for (const auto& file : tests::vector_files(vectors)) {
    auto vector = tests::load_observation(file);
    vector.history = {};
    vector.expectation.last_signature.reset();
    vector.elsewhere.reset();
    const auto report = judge(vector);
    CHECK_FALSE(report.rotation.has_value());
    for (const auto& row : checks::history_checks()) {
      const auto result =
          std::ranges::find(report.outcomes, checks::find_check(row.name), &checks::CheckResult::check);
      REQUIRE(result != report.outcomes.end());
      if (row.needs == checks::Needs::history) CHECK(result->outcome != checks::CheckOutcome::found);
    }
  }
}

TEST_CASE("a report does not use what was seen after its probe") {
  auto vector = tests::read_observation(
      {{"about", ""},
       {"earlier", nlohmann::json::array({{{"hours_ago", 9}, {"record", {{"txt", "mismatch"}}}}})},
       {"findings", nlohmann::json::array({"key_changed_unexpectedly"})}});
  const auto before = judge(vector);
  CHECK(tests::differences(vector, before) == "");
  auto later = vector.observation;
  later.observed_at += std::chrono::hours{5};
  for (auto& server : later.key.hops.front().servers) {
    for (auto& exchange : server.exchanges) exchange.response.reset();
  }
  checks::extend(vector.history, vector.observation);
  checks::extend(vector.history, later);
  const auto after = judge(vector);
  CHECK(tests::differences(vector, after) == "");
  REQUIRE(after.rotation.has_value());
  CHECK(after.rotation->safe_to_sign_at == before.rotation->safe_to_sign_at);
  // A history that begins later is none.
  auto earlier = vector;
  earlier.observation.observed_at -= std::chrono::hours{10};
  CHECK_FALSE(judge(earlier).rotation.has_value());
}

TEST_CASE("the last signature alone gives the time from which a key can be removed") {
  const auto vector = tests::read_observation({{"about", ""},
                                               {"role", "retired"},
                                               {"last_signature_hours_ago", 10},
                                               {"findings", nlohmann::json::array()}});
  const auto report = judge(vector);
  REQUIRE(report.rotation.has_value());
  CHECK_FALSE(report.rotation->safe_to_sign_at.has_value());
  CHECK(report.rotation->safe_to_remove_at == *vector.expectation.last_signature + std::chrono::days{7});
  REQUIRE(report.rotation->reasons.size() == 1);
  CHECK(report.rotation->reasons.front().is(checks::Reason::retired_key_retention));
}

TEST_CASE("keys are listed where probes saw them, with the zone that holds them") {
  const auto vector = tests::read_observation(
      {{"about", ""},
       {"record", {{"cname", "s1.provider.example"}}},
       {"hops", {{{"owner", "s1.provider.example"}, {"zone", "provider.example"}}}},
       {"earlier", nlohmann::json::array({{{"hours_ago", 3}, {"record", {{"txt", "mismatch"}}}}})},
       {"findings", nlohmann::json::array()}});
  auto history = vector.history;
  checks::extend(history, vector.observation);
  const auto places = checks::key_places(history);
  REQUIRE(places.size() == 2);
  CHECK(places[0].owner.to_string() == "s1._domainkey.example.com");
  CHECK(places[0].zone.to_string() == "example.com");
  CHECK_FALSE(places[0].is_there);
  CHECK(places[1].owner.to_string() == "s1.provider.example");
  CHECK(places[1].zone.to_string() == "provider.example");
  CHECK(places[1].is_there);
  CHECK(places[1].last_seen == *history.last_probe);
  CHECK(places[0].sha256 != places[1].sha256);
}

TEST_CASE("a report with a history gives the times of a rotation and their reasons") {
  const auto vector = tests::read_observation(
      {{"about", ""},
       {"earlier",
        nlohmann::json::array({{{"hours_ago", 2}, {"record", {{"rcode", "nxdomain"}}}}, {{"hours_ago", 1}}})},
       {"last_signature_hours_ago", 10},
       {"findings", nlohmann::json::array()}});
  const auto report = judge(vector);
  REQUIRE(report.rotation.has_value());
  const auto changed = vector.history.servers.front().periods.at(1).first_seen;
  // Caches count in whole seconds, so what they hold may last one more.
  CHECK(report.rotation->safe_to_sign_at == changed + std::chrono::hours{1} + std::chrono::seconds{1});
  CHECK(report.rotation->safe_to_remove_at == *vector.expectation.last_signature + std::chrono::days{7});
  CHECK(report.rotation->reasons.size() >= 3);
}
