#include <algorithm>
#include <array>
#include <string_view>

#include "checks/catalogue/catalogue.hpp"
#include "checks/judgement/judge.hpp"
#include "tests/catch.hpp"
#include "tests/checks/record/record_vector.hpp"

namespace checks = dkimprobe::checks;
namespace tests = dkimprobe::tests;

namespace {

struct Exception {
  std::string_view check{};
  std::string_view why{};
};

constexpr std::string_view forged = "who does not sign here can make signatures that verifiers accept";
constexpr std::string_view demanded = "RFC 6376 makes the whole record invalid, and some verifiers obey";

/// Checks that are critical although most verifiers accept the record.
constexpr auto exceptions = std::to_array<Exception>({
    {"key_blocklisted", forged},
    {"key_ed25519_bad_point", forged},
    {"key_rsa_even_modulus", forged},
    {"key_rsa_exponent_invalid", forged},
    {"key_weak_fermat", forged},
    {"key_weak_poly", forged},
    {"key_weak_prime", forged},
    {"key_weak_roca", forged},
    {"key_weak_small_factor", forged},
    {"key_weak_square", forged},
    {"key_weak_wiener", forged},
    {"key_mismatch_expected", "the record is good, but the key is not the operator's"},
    {"selector_multiple_keys",
     "RFC 6376 section 3.6.2.2 leaves open what a verifier does with several records"},
    {"tag_duplicate", demanded},
    {"txt_smart_punctuation", demanded},
    {"txt_zonefile_leak", demanded},
    {"keytype_unknown", demanded},
    {"hash_excludes_sha256", demanded},
});

bool is_exception(const checks::Finding& finding) {
  return std::ranges::find(exceptions, finding.check->name, &Exception::check) != exceptions.end();
}

}  // namespace

TEST_CASE("a record is critical where most verifiers reject it, and else only for a stated reason") {
  std::size_t rejected = 0;
  for (const auto& file : tests::vector_files(std::filesystem::path(DKIMPROBE_VECTORS) / "records")) {
    const auto vector = tests::load_record(file);
    const auto& expectation = vector.observed.expectation;
    // In the other roles, the absence of a usable key is no fault.
    if (expectation.role != dkimprobe::config::Role::active) continue;
    const auto report = checks::judge(vector.observed.observation, expectation, {}).report;
    if (report.compatibility.verdicts.empty()) continue;
    INFO(file.filename().string());
    const bool most = most_reject(report.compatibility);
    rejected += most ? 1U : 0U;
    // These are verifiers of DKIM1, and the settings do not say that the key signs it.
    const bool is_critical = report.status == checks::Status::critical;
    if (report.record.record_class == checks::RecordClass::dkim2_only && !is_critical) {
      CHECK(expectation.signs != dkimprobe::config::Signs::dkim1);
      continue;
    }
    if (most) CHECK(report.status == checks::Status::critical);
    const auto is_unexplained = [&](const checks::Finding& finding) {
      return finding.severity == checks::Severity::critical && !is_exception(finding);
    };
    const auto unexplained = std::ranges::find_if(report.findings, is_unexplained);
    INFO((unexplained == report.findings.end() ? "" : unexplained->check->name));
    CHECK((most || unexplained == report.findings.end()));
  }
  CHECK(rejected > 50);
}

TEST_CASE("the operator's policy decides the severity of what most verifiers reject") {
  const auto vector =
      tests::load_record(std::filesystem::path(DKIMPROBE_VECTORS) / "records" / "hash_empty.json");
  checks::Policy policy;
  policy.severities["hash_empty"] = checks::Severity::warning;
  const auto report = checks::judge(vector.observed.observation, vector.observed.expectation, policy).report;
  CHECK(most_reject(report.compatibility));
  CHECK(report.status == checks::Status::warning);
}
