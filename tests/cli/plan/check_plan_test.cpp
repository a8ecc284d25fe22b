// The command line combined with the settings file: which domain and selector is probed, how, and what is
// expected.
#include "cli/plan/check_plan.hpp"

#include "config/settings_file.hpp"
#include "tests/catch.hpp"

using namespace dkimprobe;
using namespace dkimprobe::cli;

namespace {

constexpr auto file_text = R"(
probe: {port: 5300, attempts: 2, ipv6: no, allow_networks: [10.0.0.0/8]}
policy: {rsa_bits_wanted: 3072, disabled_checks: {ns_slow: "far away"}}
domains:
  - domain: example.com
    nameservers: [ns1.example.com=192.0.2.1]
    selectors:
      - s1
      - name: s2
        role: standby
        service: tlsrpt
        subdomain_identities: yes
        expected_key: {sha256: a21e715ea48ef02b959518ba4e1380b4b8f66f7a7224e68b00edee0e6f49d908}
  - domain: single.example
    selectors: [only]
)";

constexpr auto s2_sha256 = "a21e715ea48ef02b959518ba4e1380b4b8f66f7a7224e68b00edee0e6f49d908";

config::Settings settings() {
  auto read = config::read_settings(file_text, "settings.yaml", {{"ns_slow"}});
  if (!read) FAIL(read.error().front().where << ": " << read.error().front().message);
  return *read;
}

CheckCommand command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"check", "--config.file", "settings.yaml"});
  auto read = read_command_line(arguments);
  if (!read) FAIL(read.error().front().where << ": " << read.error().front().message);
  return std::get<CheckCommand>(*read);
}

config::Result<CheckPlan> plan_check(const CheckCommand& command, const config::Settings& settings) {
  return cli::plan_check(command.targets, command.ask, settings);
}

CheckPlan plan(std::vector<std::string> arguments) {
  auto made = plan_check(command(std::move(arguments)), settings());
  if (!made) FAIL(made.error().front().where << ": " << made.error().front().message);
  return *made;
}

}  // namespace

TEST_CASE("a domain given without selectors has those of the settings, with their expectations") {
  const auto made = plan({"EXAMPLE.com"});
  REQUIRE(made.targets.size() == 1);
  const auto& target = made.targets.front();
  CHECK(target.domain.to_string() == "example.com");
  REQUIRE(target.selectors.size() == 2);
  REQUIRE(target.expectations.size() == 2);
  CHECK(target.selectors[0].to_string() == "s1");
  CHECK(target.expectations[0].role == config::Role::active);
  CHECK(target.expectations[0].service == config::Service::email);
  CHECK_FALSE(target.expectations[0].key_sha256);
  CHECK(target.selectors[1].to_string() == "s2");
  CHECK(target.expectations[1].role == config::Role::standby);
  CHECK(target.expectations[1].service == config::Service::tlsrpt);
  CHECK_FALSE(target.expectations[0].subdomain_identities);
  CHECK(target.expectations[1].subdomain_identities);
  CHECK(target.expectations[1].key_sha256 == s2_sha256);
  CHECK_FALSE(target.expectations[0].only_selector);
  CHECK_FALSE(target.expectations[1].only_selector);
  CHECK(target.probe.pinned_servers.size() == 1);
  CHECK(made.targets.front().policy.key_size.rsa_bits == 3072);
  CHECK(made.targets.front().policy.disabled.at("ns_slow") == "far away");
}

TEST_CASE("a selector of the settings that is named alone keeps its role and expected key") {
  const auto made = plan({"example.com", "S2"});
  const auto& target = made.targets.front();
  REQUIRE(target.selectors.size() == 1);
  CHECK(target.expectations[0].role == config::Role::standby);
  CHECK(target.expectations[0].key_sha256 == s2_sha256);
  CHECK_FALSE(target.expectations[0].only_selector);
}

TEST_CASE("a selector that the settings do not list is active and not the only one of the domain") {
  const auto made = plan({"single.example", "new"});
  const auto& target = made.targets.front();
  REQUIRE(target.selectors.size() == 1);
  CHECK(target.selectors[0].to_string() == "new");
  CHECK(target.expectations[0].role == config::Role::active);
  CHECK_FALSE(target.expectations[0].only_selector);
  CHECK(plan({"single.example", "only"}).targets.front().expectations[0].only_selector);
  CHECK(plan({"single.example"}).targets.front().expectations[0].only_selector);
}

TEST_CASE("with several selectors on the command line, none is the only one of the domain") {
  const auto made = plan({"other.example", "a", "b"});
  REQUIRE(made.targets.front().expectations.size() == 2);
  CHECK_FALSE(made.targets.front().expectations[0].only_selector);
  CHECK(plan({"other.example", "a"}).targets.front().expectations[0].only_selector);
}

TEST_CASE("without a domain, every domain of the settings is probed") {
  const auto made = plan({});
  REQUIRE(made.targets.size() == 2);
  CHECK(made.targets[0].domain.to_string() == "example.com");
  CHECK(made.targets[1].domain.to_string() == "single.example");
  CHECK(made.targets[1].probe.pinned_servers.empty());
}

TEST_CASE("a flag overrides its own option of the file and no other") {
  const auto made =
      plan({"example.com", "--port", "53", "--rsa-bits-wanted=2048", "--role", "retired", "-6", "--ipv6=yes",
            "--allow-net", "127.0.0.0/8", "--nameserver", "ns9.example.com=192.0.2.9"});
  const auto& target = made.targets.front();
  CHECK(target.probe.port == 53);
  CHECK(target.probe.attempts == 2);
  CHECK(target.probe.use_ipv6);
  CHECK_FALSE(target.probe.use_ipv4);
  CHECK(target.probe.allowed_networks.size() == 2);
  REQUIRE(target.probe.pinned_servers.size() == 1);
  CHECK(target.probe.pinned_servers.front().ip.to_string() == "192.0.2.9");
  CHECK(made.targets.front().policy.key_size.rsa_bits == 2048);
  CHECK(made.targets.front().policy.disabled.size() == 1);
  for (const auto& expectation : target.expectations) CHECK(expectation.role == config::Role::retired);
  CHECK(target.expectations[1].key_sha256 == s2_sha256);
}

TEST_CASE("each key that a message names is probed once, with the expectations of the settings") {
  const auto read = checks::read_signatures(
      "DKIM-Signature: d=other.example; s=a\n"
      "DKIM-Signature: d=example.com; s=s2\n"
      "DKIM-Signature: d=example.com\n"
      "DKIM-Signature: d=Other.example; s=b\n"
      "DKIM-Signature: d=other.example; s=A\n");
  const auto made = plan_message(command({"--message", "mail.eml", "--attempts=3"}), settings(), read.fields);
  REQUIRE(made);
  REQUIRE(made->targets.size() == 2);
  const auto& other = made->targets[0];
  CHECK(other.domain.to_string() == "other.example");
  REQUIRE(other.selectors.size() == 2);
  CHECK(other.selectors[1].to_string() == "b");
  CHECK(other.expectations[1].role == config::Role::active);
  CHECK(other.probe.attempts == 3);
  const auto& known = made->targets[1];
  REQUIRE(known.selectors.size() == 1);
  CHECK(known.expectations[0].key_sha256 == s2_sha256);
  CHECK(made->targets.front().policy.key_size.rsa_bits == 3072);
  const auto none = plan_message(command({"--message", "-"}), settings(),
                                 checks::read_signatures("DKIM-Signature: s=a\n").fields);
  REQUIRE(none);
  CHECK(none->targets.empty());
}

TEST_CASE("what neither the command line nor the file gives is an error of the command line") {
  CHECK_FALSE(plan_check(command({"unknown.example"}), settings()));
  CHECK_FALSE(plan_check(command({}), config::Settings{}));
  CHECK_FALSE(plan_check(command({"example.com", "-6"}), settings()));
}

TEST_CASE("a selector of the settings in the place of the domain is an error that says so") {
  const auto made = plan_check(command({"s1", "s2"}), settings());
  REQUIRE_FALSE(made);
  CHECK(made.error().front().where == "s1");
  CHECK(made.error().front().message ==
        "this is a selector of example.com in the settings file; the domain comes first");
  CHECK(plan_check(command({"s3", "s2"}), settings()));
}

TEST_CASE("the dates in the settings become expectations of each selector") {
  using namespace std::chrono_literals;
  constexpr auto dated = R"(
policy: {retired_key_retention: 5d, distinct_keys: yes}
rotation: {max_key_age: 90d}
domains:
  - domain: example.com
    rotation: {retired_key_retention: 2d}
    selectors:
      - s1
      - {name: s2, role: retired, since: 2026-11-01}
      - {name: s3, role: retired, since: 2026-11-04, last_signature: 2026-11-03T08:00:00Z}
      - {name: s4, role: pending, since: 2026-11-01, never_used: yes}
  - {domain: other.example, rotation: {max_key_age: never}, selectors: [only]}
)";
  const auto read = config::read_settings(dated, "settings.yaml", {});
  REQUIRE(read);
  const auto made = plan_check(command({}), *read);
  REQUIRE(made);
  const auto& target = made->targets[0];
  const auto& expected = target.expectations;
  CHECK(target.policy.retention == 48h);
  CHECK(target.policy.distinct_keys);
  CHECK(made->targets[1].policy.retention == 120h);
  CHECK(made->targets[1].expectations[0].highest_key_age == 0ms);
  CHECK(expected[0].highest_key_age == 90 * 24h);
  CHECK_FALSE(expected[0].last_signature);
  // A day ends when the next one begins.
  CHECK(expected[1].last_signature == config::parse_timestamp("2026-11-01")->last);
  CHECK(expected[2].last_signature == config::parse_timestamp("2026-11-03T08:00:00Z")->last);
  CHECK_FALSE(expected[3].last_signature);
  CHECK(expected[3].never_used);
  CHECK_FALSE(expected[2].never_used);

  CHECK(plan_check(command({"--retired-key-retention", "1d"}), *read)->targets[0].policy.retention == 24h);
  // `since` belongs to one role; `last_signature` holds for every role.
  const auto retired = plan_check(command({"--role", "retired"}), *read);
  CHECK_FALSE(retired->targets[0].expectations[3].last_signature);
  CHECK_FALSE(retired->targets[0].expectations[3].never_used);
  const auto active = plan_check(command({"--role", "active"}), *read);
  CHECK_FALSE(active->targets[0].expectations[1].last_signature);
  CHECK(active->targets[0].expectations[2].last_signature);

  const auto only_ipv4 = plan_check(command({"-4", "--retired-key-retention", "1500ms"}), *read);
  const auto policy = rotation_policy(only_ipv4->targets[0]);
  CHECK(policy.retention == 2s);
  CHECK(policy.ipv4);
  CHECK_FALSE(policy.ipv6);
}
