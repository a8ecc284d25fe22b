// The command line of `rotation` combined with the settings file: which keys are planned, and by which rules.
#include "cli/plan/rotation_targets.hpp"

#include <array>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings_file.hpp"
#include "tests/catch.hpp"

using namespace dkimprobe;
using namespace dkimprobe::cli;
using std::chrono::days;
using std::chrono::seconds;

namespace {

constexpr auto file_text = R"(
probe: {port: 5300}
policy: {rsa_bits_wanted: 3072, retired_key_retention: 5d}
rotation: {max_key_age: 100d}
domains:
  - domain: example.com
    rotation: {selectors: [s1, s2], selector_cooldown: 14d}
    nameservers: [ns1.example.com=192.0.2.1]
    selectors:
      - {name: s1, since: 2026-10-01}
      - name: s2
        role: retired
        last_signature: 2026-10-01T08:00:00Z
        expected_key: {sha256: a21e715ea48ef02b959518ba4e1380b4b8f66f7a7224e68b00edee0e6f49d908}
      - {name: s3, role: standby, never_used: yes}
  - domain: short.example
    rotation: {retired_key_retention: 1500ms, max_key_age: never}
    selectors: [only]
)";

RotationCommand command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "rotation");
  auto read = read_command_line(arguments);
  if (!read) FAIL(read.error().front().where << ": " << read.error().front().message);
  return std::get<RotationCommand>(*read);
}

config::Result<std::vector<RotationTarget>> targets_of(std::vector<std::string> arguments) {
  const auto settings = config::read_settings(file_text, "settings.yaml", {});
  if (!settings) FAIL(settings.error().front().where << ": " << settings.error().front().message);
  const auto given = command(std::move(arguments));
  return plan_rotations(given, given.ask.settings_file ? *settings : config::Settings{});
}

RotationTarget target_of(std::vector<std::string> arguments) {
  auto targets = targets_of(std::move(arguments));
  if (!targets) FAIL(targets.error().front().where << ": " << targets.error().front().message);
  REQUIRE(targets->size() == 1);
  return targets->front();
}

std::string errors_of(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "rotation");
  const auto read = read_command_line(arguments);
  REQUIRE_FALSE(read);
  std::string text;
  for (const auto& [where, message] : read.error()) text += where + ": " + message + "\n";
  return text;
}

}  // namespace

TEST_CASE("the plan of a domain follows its settings") {
  const auto [asked, input] = target_of({"example.com", "--config.file", "f"});
  CHECK(asked.domain.to_string() == "example.com");
  CHECK(asked.probe.port == 5300);
  CHECK(asked.probe.pinned_servers.size() == 1);
  REQUIRE(asked.selectors.size() == 3);
  REQUIRE(input.selectors.size() == 3);
  CHECK(input.ring.size() == 2);
  CHECK(input.max_key_age == days{100});
  CHECK(input.selector_cooldown == days{14});
  CHECK(input.policy.retention == days{5});
  CHECK(input.rsa_bits == 3072);
  CHECK(input.selectors[0].role == config::Role::active);
  CHECK(input.selectors[0].since == config::parse_timestamp("2026-10-01"));
  CHECK(input.selectors[1].last_signature == config::parse_timestamp("2026-10-01T08:00:00Z"));
  CHECK(input.selectors[1].key_sha256 == "a21e715ea48ef02b959518ba4e1380b4b8f66f7a7224e68b00edee0e6f49d908");
  CHECK(input.selectors[2].never_used);
}

TEST_CASE("the retention of retired keys is that of the flag, else of the domain, else of the policy") {
  CHECK(target_of({"short.example", "--config.file", "f"}).input.policy.retention == seconds{2});
  CHECK(target_of({"short.example", "--config.file", "f", "--retired-key-retention", "3d"})
            .input.policy.retention == days{3});
  CHECK(target_of({"example.com", "--config.file", "f", "--retired-key-retention", "3d"})
            .input.policy.retention == days{3});
  CHECK(target_of({"other.example", "s1", "--config.file", "f"}).input.policy.retention == days{5});
  CHECK(target_of({"other.example", "s1"}).input.policy.retention == days{7});
  CHECK_FALSE(target_of({"short.example", "--config.file", "f"}).input.max_key_age);
}

TEST_CASE("selectors of the command line are added to those of the settings, with their own roles") {
  const auto input = target_of({"example.com", "s2:pending", "s4", "--config.file", "f"}).input;
  REQUIRE(input.selectors.size() == 4);
  CHECK(input.selectors[1].role == config::Role::pending);
  // The date belongs to another role.
  CHECK_FALSE(input.selectors[1].last_signature);
  CHECK(input.selectors[1].key_sha256);
  CHECK(input.selectors[3].selector.to_string() == "s4");
  CHECK(input.selectors[3].role == config::Role::active);
  CHECK(target_of({"example.com", "s2:retired", "--config.file", "f"}).input.selectors[1].last_signature);
}

TEST_CASE("without a settings file, the command line suffices") {
  const auto [asked, input] = target_of({"example.com", "s1", "s2:pending", "a.b:retired"});
  REQUIRE(input.selectors.size() == 3);
  CHECK(asked.selectors.size() == 3);
  CHECK(input.selectors[0].role == config::Role::active);
  CHECK(input.selectors[1].role == config::Role::pending);
  CHECK(input.selectors[2].selector.to_string() == "a.b");
  CHECK(input.ring.empty());
}

TEST_CASE("a compromised selector is planned even if the settings do not list it") {
  const auto given = command({"example.com", "--compromised", "s1", "--wait", "30m"});
  CHECK(given.wait == std::chrono::minutes{30});
  const auto unknown = target_of({"example.com", "--compromised", "s1"});
  REQUIRE(unknown.input.selectors.size() == 1);
  CHECK(unknown.input.selectors[0].role == config::Role::active);
  const auto known = target_of({"example.com", "--compromised", "s2", "--config.file", "f"});
  REQUIRE(known.input.selectors.size() == 3);
  CHECK(known.input.selectors[1].role == config::Role::retired);
}

TEST_CASE("without a domain, all domains of the settings are planned") {
  const auto targets = targets_of({"--config.file", "f"});
  REQUIRE(targets);
  REQUIRE(targets->size() == 2);
  CHECK((*targets)[1].asked.domain.to_string() == "short.example");
}

TEST_CASE("a selector without a role signs, for rotation and for its plan alike") {
  for (const auto& words : {std::vector<std::string>{"example.com", "s1", "s2:pending"},
                            {"plan", "example.com", "s1", "s2:pending"}}) {
    const auto input = target_of(words).input;
    REQUIRE(input.selectors.size() == 2);
    CHECK(input.selectors[0].role == config::Role::active);
    CHECK(input.selectors[1].role == config::Role::pending);
  }
  CHECK(command({"plan", "example.com", "s1"}).only_plan);
}

TEST_CASE("only a selector that does not sign yet can be unused") {
  const auto input = target_of({"example.com", "s1", "s2:pending", "--never-used", "s2"}).input;
  CHECK_FALSE(input.selectors[0].never_used);
  CHECK(input.selectors[1].never_used);
  for (const auto& [given, what] :
       {std::pair("s1", "s1 signs, or signed before"), {"s9", "s9 is not a selector of this rotation"}}) {
    const auto refused = targets_of({"example.com", "s1", "--never-used", given});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().front().message.find(what) == 0);
  }
  CHECK(errors_of({"--config.file", "f", "--never-used", "s2"}) ==
        "--never-used: it names a selector of one domain; give the domain\n");
}

TEST_CASE("apply needs a step that changes the settings, and the settings file") {
  const auto given = command({"apply", "example.com", "--step", "sign", "--yes", "--config.file", "f"});
  CHECK(given.apply == checks::RotationStep::sign);
  CHECK(given.agreed);
  CHECK(errors_of({"apply", "example.com", "--config.file", "f"}) ==
        "--step: apply needs the step: choose, sign, wait, gone, stop_signing, replace\n");
  CHECK(errors_of({"apply", "example.com", "--step", "publish", "--config.file", "f"}) ==
        "--step: `publish` cannot be used: the steps that change the settings file are choose, sign, wait, "
        "gone, stop_signing, replace\n");
  CHECK(errors_of({"apply", "example.com", "s1", "--step", "sign"}) ==
        "--config.file: apply needs the settings file\n");
  CHECK(errors_of({"example.com", "s1", "--step", "sign"}) ==
        "--step: it needs apply: dkimprobe rotation apply DOMAIN\n");
}

TEST_CASE("the help of rotation has the word of every step, and the steps that apply takes") {
  const auto help = read_command_line(std::vector<std::string>{"rotation", "--help", "all"});
  REQUIRE(help);
  std::string text;
  std::istringstream words(std::get<TextWanted>(*help).text);
  for (std::string word; words >> word;) text += ' ' + word;
  const auto list = [](std::span<const checks::RotationStep> steps, std::string_view before_last) {
    std::string names;
    for (const auto& step : steps) {
      names += &step == &steps.front() ? "" : &step == &steps.back() ? before_last : ", ";
      names += checks::to_string(step);
    }
    return names;
  };
  using Step = checks::RotationStep;
  const std::array usual = {Step::choose, Step::generate, Step::publish,       Step::check, Step::sign,
                            Step::wait,   Step::revoke,   Step::delete_record, Step::gone};
  const std::array emergency = {Step::stop_signing, Step::replace, Step::revoke, Step::gone, Step::clean_up};
  CHECK(text.find("Steps: " + list(usual, ", ") + "; in an emergency " + list(emergency, ", ") + ". ") !=
        std::string::npos);
  CHECK(text.find("--step STEP with apply: " + list(checks::settings_steps(), " or ") + " --yes") !=
        std::string::npos);
}

TEST_CASE("the help of rotation shows the retention among its own flags") {
  for (const auto& all : {false, true}) {
    std::vector<std::string> arguments{"rotation", "--help"};
    if (all) arguments.emplace_back("all");
    const auto help = read_command_line(arguments);
    REQUIRE(help);
    const auto& text = std::get<TextWanted>(*help).text;
    const auto retention = text.find("--retired-key-retention TIME");
    CHECK(retention < text.find("  --json"));
    CHECK(text.find("--retired-key-retention", retention + 1) == std::string::npos);
  }
}

TEST_CASE("names in the wrong order are noticed") {
  CHECK(errors_of({"s1", "example.com"}).find("dkimprobe rotation example.com s1") != std::string::npos);
}

TEST_CASE("a domain that the settings do not list needs selectors") {
  const auto targets = targets_of({"exmple.com", "--config.file", "f"});
  REQUIRE_FALSE(targets);
  CHECK(targets.error().front().message.find("did you mean example.com?") != std::string::npos);
}

TEST_CASE("wrong arguments of rotation are reported") {
  CHECK(errors_of({}) == ": no domain given; usage: dkimprobe rotation DOMAIN --config.file FILE\n");
  CHECK(errors_of({"plan"}) ==
        ": no domain given; usage: dkimprobe rotation plan DOMAIN --config.file FILE\n");
  CHECK(errors_of({"example.com"})
            .starts_with(": no selector given; name the one that signs now: dkimprobe rotation "
                         "example.com s1, or "));
  CHECK(errors_of({"example.com", "s1:gone"}) ==
        "s1:gone: `gone` cannot be used: it must be pending, active, standby or retired\n");
  CHECK(errors_of({"example.com", "s1", "S1:retired"}) == "S1:retired: the selector is given twice\n");
  CHECK(errors_of({"example.com", "--compromised", "s1._domainkey"}).starts_with("--compromised: "));
  CHECK(errors_of({"--compromised", "s1"}).starts_with(": no domain given"));
  CHECK(errors_of({"plan", "example.com", "--compromised", "s1"}) ==
        "--compromised: it cannot be combined with plan; leave the word plan out\n");
  CHECK(errors_of({"example.com", "s1", "--wait", "30m"}) == "--wait: it needs --compromised SELECTOR\n");
  CHECK(errors_of({"example.com", "s1", "s2:pending", "--never-used"}) ==
        "--never-used: it needs a value: --never-used SELECTOR\n");
  CHECK(errors_of({"example.com", "s1", "s2:pending", "--never-used", "--json"})
            .starts_with("--never-used: it needs a value, --never-used SELECTOR; "));
  CHECK(errors_of({"example.com", "--compromised", "s1", "--wait", "32d"}) ==
        "--wait: `32d` cannot be used: it must be a duration of up to 31d with a unit: ms, s, m, h or d\n");
}

TEST_CASE("the flag --last-signature is refused for an active selector, unless its key is compromised") {
  const auto last = config::parse_timestamp("2026-11-01").value();
  auto input =
      target_of({"example.com", "s1:retired", "s2:active", "--last-signature", "s1=2026-11-01"}).input;
  CHECK(input.selectors[0].last_signature == last);
  CHECK_FALSE(input.selectors[1].last_signature);
  input = target_of({"example.com", "--config.file", "f", "--last-signature", "s2=2026-11-01"}).input;
  CHECK(input.selectors[1].last_signature == last);
  for (const auto& [given, what] :
       {std::pair("s1=2026-11-01", "s1 is active"), {"s9=2026-11-01", "s9 is not a selector"}}) {
    const auto refused = targets_of({"example.com", "--config.file", "f", "--last-signature", given});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().front().message.find(what) == 0);
  }
  CHECK(errors_of({"example.com", "s1", "--last-signature", "s1=yesterday"}) ==
        "--last-signature: `s1=yesterday` cannot be used: it must be SELECTOR=TIME, with a time such as "
        "2026-11-01T09:30:00Z or a day (UTC) such as 2026-11-01\n");
  CHECK(errors_of({"example.com", "s1", "--last-signature", "s1=2026-11-01", "--last-signature",
                   "s1=2026-11-02"}) == "--last-signature: `s1=2026-11-02`: the selector is given twice\n");
  CHECK(errors_of({"--config.file", "f", "--last-signature", "s1=2026-11-01"}) ==
        "--last-signature: it names a selector of one domain; give the domain\n");
}

TEST_CASE("the plan knows the flags that its preflight commands need") {
  CHECK(target_of({"example.com", "s1"}).input.call.flags.empty());
  const std::vector<std::string> flags{
      "--config.file", "f",  "--storage.path", "a b", "--root-hints", "r", "--allow-net",
      "127.0.0.0/8",   "-4", "--port",         "5353"};
  std::vector<std::string> words{"example.com"};
  words.insert(words.end(), flags.begin(), flags.end());
  const auto call = target_of(words).input.call;
  CHECK(call.flags == flags);
  CHECK(call.settings_flags == std::vector<std::string>{"--config.file", "f"});
  CHECK(target_of({"example.com", "s1", "--no-state"}).input.call.flags ==
        std::vector<std::string>{"--no-state"});
  // The settings do not list the domain, so nothing can be changed there.
  CHECK_FALSE(target_of({"other.example", "s1", "--config.file", "f"}).input.call.has_settings());
}

TEST_CASE("with --nameserver, the plan knows that these may not be all servers of the zone") {
  CHECK_FALSE(target_of({"example.com", "s1"}).input.only_given_servers);
  CHECK(
      target_of({"example.com", "s1", "--nameserver", "ns1.example.com=192.0.2.1"}).input.only_given_servers);
}
