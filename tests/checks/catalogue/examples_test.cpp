#include "checks/catalogue/examples.hpp"

#include <algorithm>
#include <string>

#include "checks/catalogue/catalogue.hpp"
#include "checks/judgement/judge.hpp"
#include "config/basics/escape.hpp"
#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
namespace config = dkimprobe::config;

TEST_CASE("each check has an example") {
  for (const auto& check : checks::catalogue()) {
    INFO(check.name << ": give it a row in checks/catalogue/examples.cpp");
    const auto example = checks::example_of(check.name);
    REQUIRE(example);
    CHECK_FALSE(example->text.empty());
    CHECK(example->text.find('{') == std::string::npos);
    CHECK(std::ranges::all_of(example->text, [](char c) { return c >= ' ' && c < 0x7f; }));
    if (!example->is_record) CHECK(example->text.ends_with('.'));
  }
  CHECK_FALSE(checks::example_of("no_such_check"));
}

TEST_CASE("each record that is an example has the fault that it shows") {
  for (const auto& check : checks::catalogue()) {
    const auto example = checks::example_of(check.name);
    if (!example || !example->is_record) continue;
    INFO(check.name << ": " << example->text);
    const auto text = config::unescape_text(example->text);
    REQUIRE(text);
    const auto* const name =
        check.scope == checks::Scope::adsp ? "_adsp._domainkey.example.com" : "s1._domainkey.example.com";
    const auto report =
        checks::judge_record(checks::place_of(config::DomainName::parse(name).value()), {*text}, {}, {});
    CHECK(std::ranges::any_of(report.findings,
                              [&](const checks::Finding& finding) { return finding.check == &check; }));
  }
}
