#include "config/group_settings.hpp"

#include "tests/catch.hpp"
#include "tests/config/settings_reading.hpp"

using namespace dkimprobe::config;

TEST_CASE("a domain inherits the settings of its group unless it overrides them") {
  const auto settings = read(R"(interval: 7m
groups:
  a: {role: standby, service: tlsrpt, signs: dkim2, subdomain_identities: yes, interval: 10m, nameservers: [ns1.example.net=192.0.2.1]}
  b: {}
domains:
  - {domain: one.example, group: a, selectors: [s1, {name: s2, role: active, service: email, signs: both, subdomain_identities: no}]}
  - {domain: two.example, group: a, interval: 1h, nameservers: [ns2.example.net=192.0.2.2], selectors: [s1]}
  - {domain: three.example, group: b, selectors: [s1]}
)");
  const auto& domains = settings.domains;
  REQUIRE(domains.size() == 3);
  CHECK(domains[0].interval == std::chrono::minutes{10});
  CHECK(domains[0].nameservers.front().ip.to_string() == "192.0.2.1");
  CHECK(domains[0].selectors[0].role == Role::standby);
  CHECK(domains[0].selectors[0].service == Service::tlsrpt);
  CHECK(domains[0].selectors[0].signs == Signs::dkim2);
  CHECK(domains[0].selectors[1].signs == Signs::both);
  CHECK(domains[2].selectors[0].signs == Signs::not_stated);
  CHECK(domains[0].selectors[0].subdomain_identities);
  CHECK_FALSE(domains[0].selectors[1].subdomain_identities);
  CHECK_FALSE(domains[2].selectors[0].subdomain_identities);
  CHECK(domains[0].selectors[1].role == Role::active);
  CHECK(domains[0].selectors[1].service == Service::email);
  CHECK(domains[1].interval == std::chrono::hours{1});
  REQUIRE(domains[1].nameservers.size() == 1);
  CHECK(domains[1].nameservers.front().ip.to_string() == "192.0.2.2");
  CHECK(domains[2].interval == std::chrono::minutes{7});
  CHECK(domains[2].selectors[0].role == Role::active);
}

TEST_CASE("rotation times come from the domain, else its group, else the global settings") {
  const auto settings = read(R"(rotation: {max_key_age: 100d, selector_cooldown: 10d}
groups:
  a: {rotation: {max_key_age: 50d, retired_key_retention: 3d}}
domains:
  - {domain: one.example, selectors: [s1]}
  - {domain: two.example, group: a, selectors: [s1]}
  - {domain: three.example, group: a, selectors: [s1], rotation: {max_key_age: never, retired_key_retention: 2d, selector_cooldown: 1d}}
)");
  const auto& domains = settings.domains;
  REQUIRE(domains.size() == 3);
  const auto check = [](const RotationPlan& plan, std::chrono::days max_key_age,
                        std::chrono::days selector_cooldown, std::optional<std::chrono::days> retention) {
    CHECK(plan.times.max_key_age == max_key_age);
    CHECK(plan.times.selector_cooldown == selector_cooldown);
    CHECK(plan.retention == retention);
  };
  using std::chrono::days;
  check(domains[0].rotation, days{100}, days{10}, {});
  check(domains[1].rotation, days{50}, days{10}, days{3});
  check(domains[2].rotation, days{0}, days{1}, days{2});
}
