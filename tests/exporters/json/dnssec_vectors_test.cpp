// Stored answers of signed zones, judged with the lab's trust anchor: each vector in checks/vectors/dnssec
// has exactly the findings that it states. `tests/lab/run_paths.py --store` writes them, where Unbound is
// asked too.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "checks/catalogue/catalogue.hpp"
#include "checks/judgement/judge.hpp"
#include "config/trust_anchors.hpp"
#include "exporters/json/observation_json.hpp"
#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
namespace config = dkimprobe::config;
namespace exporters = dkimprobe::exporters;

namespace {

const std::filesystem::path vectors =
    std::filesystem::path(DKIMPROBE_SOURCE_DIRECTORY) / "tests/checks/vectors/dnssec";

struct Vector {
  std::string name{};
  nlohmann::json content{};

  [[nodiscard]] checks::Policy policy() const {
    const auto file = std::filesystem::temp_directory_path() / ("dnssec-vector-" + std::to_string(getpid()));
    std::ofstream(file) << content["trust_anchor"].get<std::string>() << '\n';
    auto anchors = config::read_trust_anchors(file);
    std::filesystem::remove(file);
    REQUIRE(anchors);
    checks::Policy policy;
    policy.trust_anchors = std::make_shared<const config::TrustAnchors>(*std::move(anchors));
    return policy;
  }
  [[nodiscard]] dkimprobe::probe::Observation observation() const {
    auto read = exporters::read_observation_json(content["observation"].dump(), "");
    REQUIRE(read);
    REQUIRE(read->size() == 1);
    return read->front();
  }
};

std::vector<Vector> all_vectors() {
  std::vector<Vector> all;
  for (const auto& entry : std::filesystem::directory_iterator(vectors)) {
    std::ifstream stream(entry.path());
    all.push_back({entry.path().stem().string(), nlohmann::json::parse(stream)});
  }
  std::ranges::sort(all, {}, &Vector::name);
  return all;
}

std::set<std::string> findings_of(const checks::Report& report) {
  std::set<std::string> names;
  for (const auto& finding : report.findings) names.emplace(finding.check->name);
  return names;
}

}  // namespace

TEST_CASE("each vector of signed answers has exactly the findings that it states") {
  const auto all = all_vectors();
  REQUIRE(all.size() >= 16);
  for (const auto& vector : all) {
    INFO(vector.name << ": " << vector.content["about"].get<std::string>());
    const auto report = checks::judge(vector.observation(), {}, vector.policy()).report;
    CHECK_FALSE(report.dnssec.empty());
    CHECK(findings_of(report) == vector.content["findings"].get<std::set<std::string>>());
    for (const auto& finding : report.findings) {
      CAPTURE(finding.detail);
      CHECK_FALSE(finding.remedy.empty());
      for (const auto& server : finding.servers)
        CHECK(finding.detail.str().find(server.name.str()) != std::string::npos);
    }
  }
}

TEST_CASE("a stored observation of signed answers is written as it was read") {
  for (const auto& vector : all_vectors()) {
    CAPTURE(vector.name);
    const auto observation = vector.observation();
    const auto again = exporters::read_observation_json(exporters::observation_json({observation}), "");
    REQUIRE(again);
    const auto policy = vector.policy();
    CHECK(findings_of(checks::judge(again->front(), {}, policy).report) ==
          findings_of(checks::judge(observation, {}, policy).report));
  }
}

TEST_CASE("without a trust anchor nothing is validated, and with another one nothing is secure") {
  const auto all = all_vectors();
  const auto found = std::ranges::find(all, "rrsig_expires_soon_near_half", &Vector::name);
  REQUIRE(found != all.end());
  const auto observation = found->observation();
  CHECK(checks::judge(observation, {}, {}).report.dnssec.empty());
  checks::Policy policy;
  policy.trust_anchors = std::make_shared<const config::TrustAnchors>(config::builtin_trust_anchors());
  const auto report = checks::judge(observation, {}, policy).report;
  CHECK(report.status == checks::Status::critical);
  REQUIRE(report.dnssec.size() == 1);
  for (const auto& server : report.dnssec.front().servers) CHECK(server.state == checks::Security::bogus);
}
