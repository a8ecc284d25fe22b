// Each vector of a message and a record through `judge`: everything that it states is found, and nothing
// else.
#include <algorithm>
#include <set>
#include <string>

#include "checks/catalogue/catalogue.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/judgement/judge.hpp"
#include "tests/catch.hpp"
#include "tests/checks/record/record_vector.hpp"

namespace checks = dkimprobe::checks;
namespace tests = dkimprobe::tests;

namespace {

std::vector<std::filesystem::path> signature_files() {
  return tests::vector_files(std::filesystem::path(DKIMPROBE_VECTORS) / "signatures");
}

checks::Report judge(const tests::RecordVector& vector) {
  return checks::judge(vector.observed.observation, vector.observed.expectation, {}, vector.signatures)
      .report;
}

bool is_clear(const checks::Report& report, const std::string& check) {
  return std::ranges::any_of(report.outcomes, [&](const checks::CheckResult& each) {
    return each.check->name == check && each.outcome == checks::CheckOutcome::clear;
  });
}

}  // namespace

TEST_CASE("each signature vector has exactly the findings that it states") {
  for (const auto& file : signature_files()) {
    const auto vector = tests::load_record(file);
    INFO(file.filename().string() << ": " << vector.observed.about);
    const auto report = judge(vector);
    REQUIRE_FALSE(vector.signatures.empty());
    CHECK(tests::differences(vector.observed, report) == "");
    for (const auto& near : vector.near) {
      INFO(near);
      CHECK(is_clear(report, near));
    }
  }
}

TEST_CASE(
    "each finding about a signature names the signature and its signer, in text that is safe to print") {
  for (const auto& file : signature_files()) {
    for (const auto& finding : judge(tests::load_record(file)).findings) {
      if (finding.check->scope != checks::Scope::signature) continue;
      INFO(file.filename().string() << ": " << finding.detail << " | " << finding.remedy);
      CHECK(finding.detail.str().starts_with("signature "));
      CHECK((finding.remedy.str().starts_with("On the signing system of example.com: ") ||
             finding.remedy.str().starts_with("At s1._domainkey.example.com: ")));
      CHECK(finding.remedy.str().ends_with('.'));
      CHECK(finding.detail.str().size() < 400);
    }
  }
}

TEST_CASE("each check on signatures has a vector that triggers it and one that almost does") {
  std::set<std::string> found;
  std::set<std::string> near;
  for (const auto& file : signature_files()) {
    const auto vector = tests::load_record(file);
    const std::string name = file.stem().string();
    for (const auto& finding : vector.observed.findings) {
      if (name.starts_with(finding.check)) found.insert(finding.check);
    }
    near.insert(vector.near.begin(), vector.near.end());
  }
  for (const auto& check : checks::signature_checks()) {
    INFO(check.name);
    CHECK(found.contains(std::string(check.name)));
    CHECK(near.contains(std::string(check.name)));
  }
}

TEST_CASE("without a signature by its key, a report has nothing about signatures") {
  const auto vector =
      tests::load_record(std::filesystem::path(DKIMPROBE_VECTORS) / "signatures" / "no_signature.json");
  REQUIRE(vector.signatures.size() == 1);
  const auto report = judge(vector);
  CHECK(report.outcomes.size() == checks::catalogue().size() - checks::signature_checks().size());
  for (const auto& result : report.outcomes) CHECK(result.check->scope != checks::Scope::signature);
}
