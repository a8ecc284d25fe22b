// What the operator's policy makes of a report: severities, checks switched off, and who has the last word.
#include <algorithm>
#include <filesystem>

#include "checks/catalogue/catalogue.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/judgement/judge.hpp"
#include "tests/catch.hpp"
#include "tests/checks/record/record_vector.hpp"

namespace checks = dkimprobe::checks;
namespace tests = dkimprobe::tests;

namespace {

tests::RecordVector vector_named(const std::string& name) {
  return tests::load_record(std::filesystem::path(DKIMPROBE_VECTORS) / "records" / (name + ".json"));
}

checks::Report judge(const tests::RecordVector& vector, const checks::Policy& policy) {
  return checks::judge(vector.observed.observation, vector.observed.expectation, policy).report;
}

const checks::CheckResult& result_of(const checks::Report& report, std::string_view check) {
  const auto result = std::ranges::find_if(
      report.outcomes, [&](const checks::CheckResult& each) { return each.check->name == check; });
  REQUIRE(result != report.outcomes.end());
  return *result;
}

}  // namespace

TEST_CASE("the policy sets the severity of a check, and so the status") {
  const auto weak = vector_named("key_rsa_weak");
  CHECK(judge(weak, {}).status == checks::Status::warning);
  for (const auto& [severity, status] : {std::pair{checks::Severity::critical, checks::Status::critical},
                                         std::pair{checks::Severity::notice, checks::Status::ok}}) {
    checks::Policy policy;
    policy.severities["key_rsa_weak"] = severity;
    const auto report = judge(weak, policy);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings.front().severity == severity);
    CHECK(report.status == status);
  }
}

TEST_CASE("a disabled check is not evaluated, and the report gives the reason") {
  const auto weak = vector_named("key_rsa_weak");
  checks::Policy policy;
  policy.disabled["key_rsa_weak"] = "the new key comes in May";
  const auto report = judge(weak, policy);
  CHECK(report.findings.empty());
  CHECK(report.status == checks::Status::ok);
  CHECK(result_of(report, "key_rsa_weak").outcome == checks::CheckOutcome::not_evaluated);
  CHECK(result_of(report, "key_rsa_weak").disabled == "the new key comes in May");
  CHECK(std::ranges::count_if(report.outcomes, [](const auto& each) { return !each.disabled.empty(); }) == 1);
  CHECK(report.outcomes.size() == checks::catalogue().size() - checks::signature_checks().size());
}

TEST_CASE("a role lowers a severity that the policy raised where the fault is expected") {
  const auto standby = vector_named("key_mismatch_expected_standby");
  checks::Policy policy;
  policy.severities["key_mismatch_expected"] = checks::Severity::critical;
  const auto report = judge(standby, policy);
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings.front().severity == checks::Severity::notice);
}

TEST_CASE("the operator's thresholds apply") {
  const auto weak = vector_named("key_rsa_weak");
  checks::Policy policy;
  policy.rsa_bits_wanted = 1024;
  CHECK(judge(weak, policy).findings.empty());
  policy.rsa_bits_wanted = 4096;
  CHECK(judge(vector_named("key_mismatch_expected"), policy).findings.size() == 2);
}

TEST_CASE("without an expected key any key is accepted, and the check is reported as not evaluated") {
  auto vector = vector_named("key_mismatch_expected");
  vector.observed.expectation.key_sha256.reset();
  const auto report = judge(vector, {});
  CHECK(report.status == checks::Status::ok);
  CHECK(result_of(report, "key_mismatch_expected").outcome == checks::CheckOutcome::not_evaluated);
}

TEST_CASE("the worst of several statuses is critical, else unknown, else warning") {
  using checks::Status;
  const auto of = [](std::vector<Status> given) { return checks::worst(given); };
  CHECK(of({}) == Status::unknown);
  CHECK(of({Status::ok}) == Status::ok);
  CHECK(of({Status::warning, Status::ok}) == Status::warning);
  CHECK(of({Status::unknown, Status::warning}) == Status::unknown);
  CHECK(of({Status::unknown, Status::critical}) == Status::critical);
}
