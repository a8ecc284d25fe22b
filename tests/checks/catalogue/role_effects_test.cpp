// What a role makes of a fault, shown by a vector for each role of each row that a role changes.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "checks/catalogue/catalogue.hpp"
#include "checks/judgement/judge.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"
#include "tests/checks/record/record_vector.hpp"

namespace checks = dkimprobe::checks;
namespace tests = dkimprobe::tests;
using checks::CheckOutcome;
using checks::RoleEffect;
using dkimprobe::config::Role;

namespace {

constexpr Role changing_roles[] = {Role::pending, Role::standby, Role::retired};

std::vector<tests::ObservationVector> all_vectors() {
  const std::filesystem::path folder = DKIMPROBE_VECTORS;
  std::vector<tests::ObservationVector> vectors;
  for (const char* kind : {"servers", "zones"}) {
    for (const auto& file : tests::vector_files(folder / kind))
      vectors.push_back(tests::load_observation(file));
  }
  for (const auto& file : tests::vector_files(folder / "records"))
    vectors.push_back(tests::load_record(file).observed);
  return vectors;
}

bool is_changed(const checks::Check& check) {
  return std::ranges::any_of(changing_roles,
                             [&](Role role) { return check.roles.of(role) != RoleEffect::as_found; });
}

CheckOutcome outcome_of(const checks::Report& report, const checks::Check& check) {
  return std::ranges::find(report.outcomes, &check, &checks::CheckResult::check)->outcome;
}

bool is_as_said(const checks::Report& report, const checks::Check& check, RoleEffect effect) {
  switch (effect) {
    case RoleEffect::as_found:
      return outcome_of(report, check) == CheckOutcome::found;
    case RoleEffect::notice:
      return outcome_of(report, check) == CheckOutcome::found &&
             std::ranges::all_of(report.findings, [&](const checks::Finding& finding) {
               return finding.check != &check || finding.severity == checks::Severity::notice;
             });
    case RoleEffect::clear:
      return outcome_of(report, check) == CheckOutcome::clear;
    case RoleEffect::not_evaluated:
      return outcome_of(report, check) == CheckOutcome::not_evaluated;
  }
  return false;
}

}  // namespace

TEST_CASE(
    "each check that depends on the role has a vector for each role with the outcome that the check states") {
  const auto vectors = all_vectors();
  std::size_t changed = 0;
  for (const auto& check : checks::catalogue()) {
    if (!is_changed(check)) continue;
    ++changed;
    for (const Role role : changing_roles) {
      std::size_t seen = 0;
      for (const auto& vector : vectors) {
        if (vector.expectation.role != role) continue;
        auto active = vector.expectation;
        active.role = Role::active;
        const auto as_active = checks::judge(vector.observation, active, checks::Policy{}).report;
        if (outcome_of(as_active, check) != CheckOutcome::found) continue;
        ++seen;
        INFO(check.name << " in role " << to_string(role) << ": " << vector.about);
        const auto report = checks::judge(vector.observation, vector.expectation, checks::Policy{}).report;
        CHECK(is_as_said(report, check, check.roles.of(role)));
      }
      INFO(check.name << " has no vector in role " << to_string(role));
      CHECK(seen > 0);
    }
  }
  CHECK(changed > 0);
}
