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

std::vector<std::filesystem::path> record_files() {
  return tests::vector_files(std::filesystem::path(DKIMPROBE_VECTORS) / "records");
}

checks::CheckOutcome outcome_of(const checks::Report& report, std::string_view check) {
  const auto result = std::ranges::find_if(
      report.outcomes, [&](const checks::CheckResult& each) { return each.check->name == check; });
  REQUIRE(result != report.outcomes.end());
  return result->outcome;
}

}  // namespace

TEST_CASE("each record vector has exactly the findings that it states") {
  for (const auto& file : record_files()) {
    const auto vector = tests::load_record(file);
    const auto report = checks::judge(vector.observed.observation, vector.observed.expectation, {}).report;
    INFO(file.filename().string() << ": " << vector.observed.about);
    const std::string differences = tests::differences(vector.observed, report);
    CHECK(differences == "");
    if (!vector.record_class.empty())
      CHECK(checks::to_string(report.record.record_class) == vector.record_class);
    for (const auto& near : vector.near) {
      INFO(near);
      CHECK(outcome_of(report, near) == checks::CheckOutcome::clear);
    }
  }
}

TEST_CASE("each finding has a short detail, and a remedy that names the case's domain") {
  for (const auto& file : record_files()) {
    const auto vector = tests::load_record(file);
    const auto report = checks::judge(vector.observed.observation, vector.observed.expectation, {}).report;
    for (const auto& finding : report.findings) {
      INFO(file.filename().string() << ": " << finding.check->name << ": " << finding.detail << " | "
                                    << finding.remedy);
      CHECK_FALSE(finding.detail.empty());
      CHECK(finding.remedy.str().ends_with('.'));
      CHECK(finding.remedy.str().find("example") != std::string::npos);
      CHECK(finding.detail.str().size() < 400);
    }
  }
}

TEST_CASE("each check on texts has a vector that triggers it and one that almost does") {
  std::set<std::string> found;
  std::set<std::string> near;
  for (const auto& file : record_files()) {
    const auto vector = tests::load_record(file);
    for (const auto& finding : vector.observed.findings) found.insert(finding.check);
    near.insert(vector.near.begin(), vector.near.end());
  }
  for (const auto group : {checks::presence_checks(), checks::record_checks(), checks::key_checks(),
                           checks::weakness_checks(), checks::size_checks(), checks::adsp_checks()}) {
    for (const auto& check : group) {
      INFO(check.name);
      CHECK(found.contains(std::string(check.name)));
      CHECK(near.contains(std::string(check.name)));
    }
  }
}
