// What a role makes of a fault, shown by a vector for each row that any role turns and each role.
#include "checks/catalogue/roles.hpp"

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
using checks::role_rule;
using checks::RoleRule;
using dkimprobe::config::Role;

namespace {

constexpr Role turning_roles[] = {Role::pending, Role::standby, Role::retired};

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

bool is_turned(const checks::Check& check) {
  return std::ranges::any_of(turning_roles,
                             [&](Role role) { return role_rule(check.name, role) != RoleRule::as_found; });
}

CheckOutcome outcome_of(const checks::Report& report, const checks::Check& check) {
  return std::ranges::find(report.outcomes, &check, &checks::CheckResult::check)->outcome;
}

bool is_as_ruled(const checks::Report& report, const checks::Check& check, RoleRule rule) {
  switch (rule) {
    case RoleRule::as_found:
      return outcome_of(report, check) == CheckOutcome::found;
    case RoleRule::notice:
      return outcome_of(report, check) == CheckOutcome::found &&
             std::ranges::all_of(report.findings, [&](const checks::Finding& finding) {
               return finding.check != &check || finding.severity == checks::Severity::notice;
             });
    case RoleRule::clear:
      return outcome_of(report, check) == CheckOutcome::clear;
    case RoleRule::not_judged:
      return outcome_of(report, check) == CheckOutcome::not_judged;
  }
  return false;
}

}  // namespace

TEST_CASE("each row that a role turns has a vector in each role, and what comes out is the role's rule") {
  const auto vectors = all_vectors();
  std::size_t turned = 0;
  for (const auto& check : checks::catalogue()) {
    if (!is_turned(check)) continue;
    ++turned;
    for (const Role role : turning_roles) {
      std::size_t seen = 0;
      for (const auto& vector : vectors) {
        if (vector.expectation.role != role) continue;
        auto active = vector.expectation;
        active.role = Role::active;
        const auto as_active = checks::judge(vector.observation, active, checks::Policy{});
        if (outcome_of(as_active, check) != CheckOutcome::found) continue;
        ++seen;
        INFO(check.name << " in role " << to_string(role) << ": " << vector.about);
        const auto report = checks::judge(vector.observation, vector.expectation, checks::Policy{});
        CHECK(is_as_ruled(report, check, role_rule(check.name, role)));
      }
      INFO(check.name << " has no vector in role " << to_string(role));
      CHECK(seen > 0);
    }
  }
  CHECK(turned > 0);
}
