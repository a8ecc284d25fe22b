// The command line, the settings file and the key of `preflight` combined.
#include "cli/plan/preflight_plan.hpp"

#include "config/settings_file.hpp"
#include "tests/catch.hpp"

using namespace dkimprobe;
using namespace dkimprobe::cli;
using namespace std::chrono_literals;

namespace {

constexpr auto file_text = R"(
policy: {retired_key_retention: 48h}
domains:
  - domain: example.com
    selectors:
      - s1
      - name: s2
        role: pending
        service: tlsrpt
        never_used: yes
        expected_key: {sha256: a21e715ea48ef02b959518ba4e1380b4b8f66f7a7224e68b00edee0e6f49d908}
)";

constexpr auto file_sha256 = "a21e715ea48ef02b959518ba4e1380b4b8f66f7a7224e68b00edee0e6f49d908";

PreflightCommand command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "preflight");
  auto read = read_command_line(arguments);
  if (!read) FAIL(read.error().front().where << ": " << read.error().front().message);
  return std::get<PreflightCommand>(*read);
}

PreflightPlan plan(std::vector<std::string> arguments,
                   const std::optional<config::KeyFile>& key = std::nullopt) {
  const auto settings = config::read_settings(file_text, "settings.yaml", {});
  if (!settings) FAIL(settings.error().front().where << ": " << settings.error().front().message);
  const auto made = plan_preflight(command(std::move(arguments)), *settings, key);
  if (!made) FAIL(made.error().front().message);
  return *made;
}

}  // namespace

TEST_CASE("the settings give the key of a selector, its service, and that it was never used") {
  const auto made = plan({"example.com", "s2"});
  REQUIRE(made.signing.key);
  CHECK(made.signing.key->sha256 == file_sha256);
  CHECK(made.signing.expectation.service == config::Service::tlsrpt);
  CHECK(made.signing.selector.never_used);
  CHECK(made.signing.terms.policy.retention == 48h);
  CHECK_FALSE(made.signing.text);
  CHECK(made.target.selectors.size() == 1);
}

TEST_CASE("without an expected key, any key is right") {
  const auto made = plan({"other.example", "s9"});
  CHECK_FALSE(made.signing.key);
  CHECK_FALSE(made.signing.selector.never_used);
}

TEST_CASE("the key of the command line overrides that of the settings, and a record gives its text as well") {
  config::KeyFile key;
  key.identity.sha256 = std::string(64, 'b');
  CHECK(plan({"example.com", "s2"}, key).signing.key->sha256 == key.identity.sha256);
  CHECK_FALSE(plan({"example.com", "s2"}, key).signing.text);
  key.kind = config::KeyFile::Kind::record;
  key.record = "v=DKIM1; p=";
  CHECK(plan({"example.com", "s2"}, key).signing.text == "v=DKIM1; p=");
}

TEST_CASE("who signs now is known from the flag or from the settings") {
  CHECK(plan({"other.example", "s9", "--signs-now", "s8"}).signing.terms.has_neighbour);
  CHECK_FALSE(plan({"other.example", "s9"}).signing.terms.has_neighbour);
  const auto refused =
      read_command_line(std::vector<std::string>{"preflight", "example.com", "s1", "--signs-now", "s1"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().front().message ==
        "s1 is the selector of the new key; name the one that signs until then");
}

TEST_CASE("the commands to go on with repeat the flags") {
  const auto made = plan({"other.example", "s9", "--signs-now", "s8", "--key", "a key", "--never-used",
                          "--wait", "5m", "--root-hints", "r", "--state", "d"});
  CHECK(made.next.again ==
        "dkimprobe preflight other.example s9 --key 'a key' --never-used --signs-now s8 --state d "
        "--root-hints r");
  CHECK(made.next.rotation ==
        "dkimprobe rotation other.example s8 s9:pending --never-used s9 --state d --root-hints r");
  CHECK(made.next.signer_is_known);
  CHECK(plan({"example.com", "s2", "--config.file", "f"}).next.rotation ==
        "dkimprobe rotation example.com --config.file f");
  CHECK(plan({"example.com", "s2", "--config.file", "f"}).next.signer_is_known);
  CHECK_FALSE(plan({"other.example", "s9"}).next.signer_is_known);
}

TEST_CASE("each flag of preflight is read") {
  CHECK(plan({"example.com", "s1", "--never-used"}).signing.selector.never_used);
  CHECK(plan({"example.com", "s1", "--retired-key-retention", "24h"}).signing.terms.policy.retention == 24h);
  const auto read =
      command({"example.com", "--wait=30m", "s2", "--resolver", "192.0.2.53", "--resolver",
               "[2001:db8::53]:5353", "--resolver", "192.0.2.53:53", "--ask-resolver", "--json", "--key",
               "s2.pem", "--passphrase-fd", "3", "--storage.path", "/var/lib/dkim", "-4"});
  CHECK(read.wait == 30min);
  REQUIRE(read.resolvers.size() == 2);
  CHECK(read.resolvers[0].to_string() == "192.0.2.53:53");
  CHECK(read.resolvers[1].to_string() == "[2001:db8::53]:5353");
  CHECK(read.ask_resolvers);
  CHECK(read.output.json);
  CHECK(read.ask.storage == "/var/lib/dkim");
  CHECK_FALSE(read.ask.probe.use_ipv6);
  REQUIRE(read.key);
  CHECK(read.key->file == "s2.pem");
  CHECK(std::holds_alternative<config::PassphraseDescriptor>(read.key->passphrase));
  CHECK(read.selector.to_string() == "s2");
  CHECK_FALSE(command({"example.com", "s1"}).key);
}
