#include "checks/catalogue/catalogue.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "checks/catalogue/roles.hpp"
#include "checks/judgement/judge.hpp"
#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
using dkimprobe::config::Role;

TEST_CASE("each row has a name of its own, its words and its function") {
  std::set<std::string_view> names;
  for (const auto& check : checks::catalogue()) {
    INFO(check.name);
    CHECK(names.insert(check.name).second);
    CHECK(std::ranges::all_of(
        check.name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }));
    CHECK(check.find != nullptr);
    CHECK_FALSE(check.summary.empty());
    CHECK_FALSE(check.effect.empty());
    CHECK_FALSE(check.remedy.empty());
    CHECK((check.reference.empty() || check.reference.starts_with("RFC ")));
    CHECK(checks::find_check(check.name) == &check);
  }
  CHECK(checks::find_check("no_such_check") == nullptr);
}

TEST_CASE("a role turns what is right for it, and nothing else") {
  using checks::RoleRule;
  CHECK(checks::role_rule("selector_missing_nxdomain", Role::active) == RoleRule::as_found);
  CHECK(checks::role_rule("selector_missing_nxdomain", Role::pending) == RoleRule::clear);
  CHECK(checks::role_rule("key_revoked", Role::standby) == RoleRule::clear);
  CHECK(checks::role_rule("key_revoked", Role::retired) == RoleRule::not_judged);
  CHECK(checks::role_rule("flag_testing", Role::pending) == RoleRule::clear);
  CHECK(checks::role_rule("flag_testing", Role::standby) == RoleRule::as_found);
  CHECK(checks::role_rule("answer_differs_between_ns", Role::pending) == RoleRule::notice);
  CHECK(checks::role_rule("key_rsa_too_small", Role::pending) == RoleRule::as_found);
}

TEST_CASE("the worst of several reports is critical, then unknown, then warning") {
  using checks::Status;
  const auto of = [](std::initializer_list<Status> given) {
    std::vector<checks::Report> reports;
    for (const Status status : given) reports.emplace_back().status = status;
    return checks::worst(reports);
  };
  CHECK(of({}) == Status::unknown);
  CHECK(of({Status::ok, Status::ok}) == Status::ok);
  CHECK(of({Status::ok, Status::warning}) == Status::warning);
  CHECK(of({Status::unknown, Status::warning}) == Status::unknown);
  CHECK(of({Status::unknown, Status::critical, Status::ok}) == Status::critical);
}
