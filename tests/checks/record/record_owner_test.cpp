#include "checks/record/record_owner.hpp"

#include <algorithm>
#include <string>

#include "checks/catalogue/catalogue.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/judgement/judge.hpp"
#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
namespace config = dkimprobe::config;

namespace {

checks::RecordPlace place(const std::string& name) {
  return checks::place_of(config::DomainName::parse(name).value());
}

const std::string key = "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY=";

std::vector<std::string> found(const checks::Report& report) {
  std::vector<std::string> names;
  for (const auto& finding : report.findings) names.emplace_back(finding.check->name);
  return names;
}

checks::CheckOutcome outcome(const checks::Report& report, std::string_view name) {
  return std::ranges::find_if(report.outcomes, [&](const auto& each) { return each.check->name == name; })
      ->outcome;
}

}  // namespace

TEST_CASE("the owner name gives the selector and the domain") {
  const auto plain = place("s1._domainkey.example.com");
  CHECK(plain.selector->to_string() == "s1");
  CHECK(plain.domain.to_string() == "example.com");
  CHECK_FALSE(plain.is_adsp);
  const auto dotted = place("a.b._DomainKey.example.com");
  CHECK(dotted.selector->to_string() == "a.b");
  CHECK(dotted.domain.to_string() == "example.com");
  const auto practices = place("_ADSP._domainkey.example.com");
  CHECK(practices.is_adsp);
  CHECK_FALSE(practices.selector);
  CHECK(practices.domain.to_string() == "example.com");
  const auto target = place("s1.dkim.provider.example");
  CHECK_FALSE(target.selector);
  CHECK(target.domain.to_string() == "s1.dkim.provider.example");
  CHECK_FALSE(place("_domainkey.example.com").selector);
  CHECK(checks::place_of({}).name.is_root());
}

TEST_CASE("a good record has no findings, and checks that need servers are not evaluated") {
  const auto report = checks::judge_record(place("s1._domainkey.example.com"), {key}, {}, {});
  CHECK(found(report).empty());
  CHECK(report.status == checks::Status::ok);
  CHECK(report.headline == "Ed25519");
  CHECK(report.record.record_class == checks::RecordClass::valid);
  CHECK(report.key->bits == 256);
  // 12 + 27 + 4, then 12 + 1 + 66 for the record.
  CHECK(report.size.direct == 12 + 27 + 4 + 12 + 1 + key.size());
  CHECK(report.outcomes.size() == checks::catalogue().size() - checks::signature_checks().size());
  for (const auto& result : report.outcomes) {
    INFO(result.check->name);
    const auto scope = result.check->scope;
    if (scope == checks::Scope::server || scope == checks::Scope::zone || scope == checks::Scope::adsp) {
      CHECK(result.outcome == checks::CheckOutcome::not_evaluated);
    }
  }
  CHECK(outcome(report, "selector_missing_nxdomain") == checks::CheckOutcome::not_evaluated);
  CHECK(outcome(report, "txt_wildcard") == checks::CheckOutcome::not_evaluated);
  CHECK(outcome(report, "udp512_exceeded_chain") == checks::CheckOutcome::not_evaluated);
  CHECK(outcome(report, "udp512_exceeded") == checks::CheckOutcome::clear);
  CHECK(outcome(report, "tag_duplicate") == checks::CheckOutcome::clear);
  CHECK(outcome(report, "txt_not_dkim") == checks::CheckOutcome::clear);
}

TEST_CASE("without an owner name, the size is unknown and the remedy names the place in words") {
  const auto report = checks::judge_record({}, {"v=DKIM1; p="}, {}, {});
  CHECK(found(report) == std::vector<std::string>{"key_revoked"});
  CHECK(report.findings.front().remedy.str().starts_with("At the selector's name: "));
  CHECK_FALSE(report.size.direct);
  CHECK(outcome(report, "udp512_exceeded") == checks::CheckOutcome::not_evaluated);
  CHECK(report.status == checks::Status::critical);
}

TEST_CASE("a role changes the findings of a text") {
  const auto report = checks::judge_record({}, {"v=DKIM1; p="}, {config::Role::standby}, {});
  CHECK(found(report).empty());
  CHECK(report.status == checks::Status::ok);
}

TEST_CASE("an ADSP record is judged as ADSP") {
  const auto report =
      checks::judge_record(place("_adsp._domainkey.example.com"), {"dkim=all; dkim=all"}, {}, {});
  CHECK(found(report) == std::vector<std::string>{"adsp_duplicate_tag"});
  CHECK(report.findings.front().remedy.str().find("_adsp._domainkey.example.com") != std::string::npos);
  CHECK(report.adsp == checks::AdspPolicy::invalid);
  CHECK(outcome(report, "txt_not_dkim") == checks::CheckOutcome::not_evaluated);
  CHECK(outcome(report, "adsp_multiple_records") == checks::CheckOutcome::not_evaluated);
}
