// What the operator's policy makes of a report: severities, checks switched off, and who has the last word.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/catalogue.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/judgement/judge.hpp"
#include "checks/record/key_record.hpp"
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
  policy.key_size = {"", 1024, "the settings"};
  CHECK(judge(weak, policy).findings.empty());
  policy.key_size = {"", 4096, "the settings"};
  CHECK(judge(vector_named("key_mismatch_expected"), policy).findings.size() == 2);
}

TEST_CASE(
    "the finding of a weak key names the rule that it breaks, and the remedy a size that satisfies it") {
  checks::Policy policy;
  for (const auto& profile : dkimprobe::config::key_size_profiles) {
    policy.key_size = profile;
    const auto report = judge(vector_named("key_rsa_weak"), policy);
    REQUIRE(report.findings.size() == 1);
    const auto& finding = report.findings.front();
    CHECK(finding.detail.str().find(fmt::format("{} of {}", profile.rsa_bits, profile.source)) !=
          std::string::npos);
    CHECK(finding.remedy.str().find(profile.rsa_bits == 2048 ? "2048 bits" : "3072 bits") !=
          std::string::npos);
  }
}

TEST_CASE("a key that shares a factor with a known number, or with a key elsewhere, is found") {
  const auto modulus_of = [](const std::string& name) {
    const auto report = vector_named(name);
    return checks::read_key_record(checks::join_strings(judge(report, {}).record.strings)).key->modulus;
  };
  const auto vector = vector_named("key_weak_roca_near");
  CHECK(result_of(judge(vector, {}), "key_weak_shared_prime").outcome == checks::CheckOutcome::not_evaluated);

  const std::string modulus = modulus_of("key_weak_roca_near");
  const std::string sharing = modulus_of("key_weak_roca");
  const auto known = [&](std::vector<dkimprobe::config::KnownModuli::Number> numbers) {
    checks::Policy policy;
    policy.known_moduli = std::make_shared<dkimprobe::config::KnownModuli>(
        dkimprobe::config::KnownModuli{"moduli.txt", std::move(numbers)});
    return judge(vector, policy);
  };
  CHECK(
      result_of(known({{1, modulus}, {2, modulus_of("key_weak_fermat")}}), "key_weak_shared_prime").outcome ==
      checks::CheckOutcome::clear);
  const auto report = known({{1, modulus}, {3, sharing}});
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings.front().detail ==
        "the modulus shares a prime factor with the number in line 3 of moduli.txt");

  checks::KeyPlace place;
  place.modulus = sharing;
  place.domain = vector.observed.observation.domain;
  place.selector = dkimprobe::config::Selector::parse("s9").value();
  const auto beside =
      checks::judge(vector.observed.observation, vector.observed.expectation, {}, {}, {}, std::vector{place})
          .report;
  REQUIRE(beside.findings.size() == 1);
  CHECK(beside.findings.front().detail ==
        "the modulus shares a prime factor with the key at s9._domainkey.example.com");
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
