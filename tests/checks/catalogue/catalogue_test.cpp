#include "checks/catalogue/catalogue.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "checks/judgement/judge.hpp"
#include "checks/record/record_fault.hpp"
#include "config/basics/escape.hpp"
#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
namespace config = dkimprobe::config;
using dkimprobe::config::Role;

TEST_CASE("each check has a unique name, its texts and its function") {
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
    CHECK((check.reference.empty() || check.reference.starts_with("RFC ") ||
           check.reference == checks::dkim2_draft));
    CHECK(checks::find_check(check.name) == &check);
  }
  CHECK(checks::find_check("no_such_check") == nullptr);
}

TEST_CASE("a role changes only the outcomes that are right for it") {
  using checks::RoleEffect;
  const auto effect = [](std::string_view name, Role role) {
    return checks::find_check(name)->roles.of(role);
  };
  CHECK(effect("selector_missing_nxdomain", Role::active) == RoleEffect::as_found);
  CHECK(effect("selector_missing_nxdomain", Role::pending) == RoleEffect::clear);
  CHECK(effect("key_revoked", Role::standby) == RoleEffect::clear);
  CHECK(effect("key_revoked", Role::retired) == RoleEffect::not_evaluated);
  CHECK(effect("flag_testing", Role::pending) == RoleEffect::clear);
  CHECK(effect("flag_testing", Role::standby) == RoleEffect::as_found);
  CHECK(effect("answer_differs_between_ns", Role::pending) == RoleEffect::notice);
  CHECK(effect("key_rsa_too_small", Role::pending) == RoleEffect::as_found);
}

TEST_CASE("each check has an example in plain ASCII") {
  for (const auto& check : checks::catalogue()) {
    INFO(check.name);
    const auto text = checks::example_text(check);
    CHECK_FALSE(text.empty());
    CHECK(text.find('{') == std::string::npos);
    CHECK(std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; }));
    CHECK((check.example.kind == checks::Example::record || text.ends_with('.')));
  }
}

TEST_CASE("each example record has the fault that it demonstrates") {
  for (const auto& check : checks::catalogue()) {
    if (check.example.kind != checks::Example::record) continue;
    const auto text = config::unescape_text(checks::example_text(check));
    INFO(check.name << ": " << checks::example_text(check));
    REQUIRE(text);
    const auto* const name =
        check.scope == checks::Scope::adsp ? "_adsp._domainkey.example.com" : "s1._domainkey.example.com";
    const auto report =
        checks::judge_record(checks::place_of(config::DomainName::parse(name).value()), {*text}, {}, {});
    CHECK(std::ranges::any_of(report.findings,
                              [&](const checks::Finding& finding) { return finding.check == &check; }));
  }
}

TEST_CASE("checks that need only a text are evaluated from it, and no others") {
  using checks::Needs;
  for (const char* const name : {"s1._domainkey.example.com", "_adsp._domainkey.example.com"}) {
    const auto place = checks::place_of(config::DomainName::parse(name).value());
    const auto report = checks::judge_record(place, {"dkim=all"}, {}, {});
    const Needs given = place.is_adsp ? Needs::adsp_text : Needs::key_text;
    for (const auto& [check, outcome, reason] : report.outcomes) {
      INFO(name << ' ' << check->name);
      if (check->needs != given) CHECK(outcome == checks::CheckOutcome::not_evaluated);
    }
    CHECK(std::ranges::any_of(report.outcomes, [](const checks::CheckResult& result) {
      return result.outcome == checks::CheckOutcome::found;
    }));
  }
}

TEST_CASE("the worst of several reports is critical, else unknown, else warning") {
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
