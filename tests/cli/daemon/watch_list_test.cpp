// The watch list that settings give.
#include "cli/daemon/watch_list.hpp"

#include <algorithm>
#include <chrono>

#include "tests/catch.hpp"
#include "tests/cli/daemon/sample_watch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;

const std::string settings = R"(
probe: {port: 5300, probe_timeout: 7s}
policy: {retired_key_retention: 3d}
interval: 2m
groups:
  mail: {rotation: {max_key_age: 90d}}
  idle: {}
target_files: [t.json]
maintenance:
  - {group: mail, until: 2026-11-23, reason: "long"}
  - {domain: one.example, selector: s1, until: 2026-11-22, reason: "short"}
  - {domain: two.example, selector: s1, until: 2026-11-22, reason: "one selector"}
  - {domain: nobody.example, until: 2026-11-22, reason: "not there"}
  - {group: idle, until: 2026-11-22, reason: "empty"}
domains:
  - {domain: one.example, group: mail, selectors: [s1, s2]}
  - domain: two.example
    interval: 1h
    nameservers: [ns1.example.net=192.0.2.1]
    selectors: [s1, {name: s2, role: retired, last_signature: 2026-11-01}]
  - {domain: three.example, selectors: [s1]}
)";

const checks::WatchedTarget& target(const cli::WatchList& list, const checks::TargetKey& key) {
  const auto found = std::ranges::find(list.targets, key, &checks::WatchedTarget::key);
  REQUIRE(found != list.targets.end());
  return *found;
}

}  // namespace

TEST_CASE(
    "each target has its role, interval and servers, and each domain is probed with all its selectors") {
  const auto list = watched(settings);
  REQUIRE(list.targets.size() == 5);
  CHECK(list.expectations.size() == 5);
  CHECK(list.probe.port == 5300);
  CHECK(list.probe.pinned_servers.empty());
  CHECK(list.policy.retention == 3 * 24h);
  CHECK(target(list, key("one.example")).group == "mail");
  CHECK(target(list, key("one.example")).interval == 2min);
  CHECK(target(list, key("two.example", "s2")).interval == 1h);
  CHECK(target(list, key("two.example", "s2")).role == config::Role::retired);
  REQUIRE(list.probes.size() == 3);
  CHECK(list.probes[1].selectors.size() == 2);
  CHECK(list.probes[1].nameservers.size() == 1);
  CHECK(list.domains.at(list.probes[1].domain).nameservers.size() == 1);
}

TEST_CASE("the maintenance window that ends last counts, and windows without a target cause a warning") {
  const auto list = watched(settings);
  REQUIRE(target(list, key("one.example")).maintenance);
  CHECK(target(list, key("one.example")).maintenance->reason == "long");
  CHECK(target(list, key("one.example", "s2")).maintenance->reason == "long");
  CHECK(target(list, key("two.example")).maintenance->reason == "one selector");
  CHECK_FALSE(target(list, key("two.example", "s2")).maintenance);
  CHECK_FALSE(target(list, key("three.example")).maintenance);
  REQUIRE(list.warnings.size() == 2);
  CHECK(list.warnings[0].message == "not watched: nobody.example");
  CHECK(list.warnings[1].message == "the group idle has no domains");
}

TEST_CASE("a rotation is planned for the domains whose settings define one") {
  const auto list = watched(settings);
  REQUIRE(list.rotations.size() == 2);
  CHECK(list.rotations.at(key("one.example").domain).max_key_age == 90 * 24h);
  const auto& two = list.rotations.at(key("two.example").domain);
  REQUIRE(two.selectors.size() == 2);
  CHECK(two.selectors[1].last_signature);
  CHECK(two.policy.retention == 3 * 24h);
}

}  // namespace dkimprobe::tests
