#include "config/daemon_settings.hpp"

#include "tests/catch.hpp"
#include "tests/config/settings_reading.hpp"

using namespace dkimprobe::config;

TEST_CASE("maintenance applies to a selector, a domain or a group, and its end is reported") {
  const auto settings =
      read_settings(R"(groups: {a: {}}
domains: [{domain: example.com, selectors: [s1]}]
maintenance:
  - {domain: example.com, selector: s1, until: 2026-11-22, reason: a}
  - {domain: example.com, until: 2026-11-22T12:00:00+01:00, reason: b}
  - {group: a, until: 2026-11-22T11:00:01Z, reason: c}
)",
                    "s.yaml", Vocabulary{{}, parse_timestamp("2026-11-22T11:00:00Z")->first});
  if (!settings) FAIL(lines_of(settings.error()));
  REQUIRE(settings->maintenance.size() == 3);
  const auto& maintenance = settings->maintenance;
  CHECK(maintenance[0].selector->to_string() == "s1");
  CHECK(maintenance[0].until == parse_timestamp("2026-11-22")->last);
  CHECK_FALSE(maintenance[1].selector);
  CHECK(maintenance[1].domain->to_string() == "example.com");
  CHECK(maintenance[2].group == "a");
  REQUIRE(settings->warnings.size() == 1);
  CHECK(settings->warnings.front().where == "s.yaml:5:34: maintenance.until");
}

TEST_CASE("maintenance may name a domain that only a target file lists") {
  CHECK(read_settings(
      "target_files: [t.json]\nmaintenance: [{domain: a.example, selector: s, until: 2026-01-01, "
      "reason: r}]\n",
      "s.yaml", Vocabulary{}));
}

TEST_CASE("modules of /probe and the domains that it may probe are read") {
  const auto settings = read(R"(probe: {ipv6: no}
modules:
  slow: {timeout: 1m}
  bare: {}
  v4: {ipv6: no, role: standby}
probe_allow: [example.com, "*.example.net", "*"]
)");
  REQUIRE(settings.modules.size() == 3);
  CHECK(settings.modules[0].name == "bare");
  CHECK(settings.modules[0].timeout == std::chrono::seconds{10});
  CHECK(settings.modules[0].role == Role::active);
  CHECK(settings.modules[1].timeout == std::chrono::minutes{1});
  CHECK(settings.modules[1].use_ipv6);
  CHECK_FALSE(settings.modules[2].use_ipv6);
  CHECK(settings.modules[2].role == Role::standby);
  REQUIRE(settings.probe_allow.size() == 3);
  CHECK(settings.probe_allow[0].domain.to_string() == "example.com");
  CHECK_FALSE(settings.probe_allow[0].below);
  CHECK(settings.probe_allow[1].domain.to_string() == "example.net");
  CHECK(settings.probe_allow[1].below);
  CHECK(settings.probe_allow[2].domain.is_root());
  CHECK(settings.probe_allow[2].below);
}
