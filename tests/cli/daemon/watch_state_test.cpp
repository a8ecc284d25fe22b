// How probes and time change the state of the daemon: verdicts, histories and rotations.
#include "cli/daemon/watch_state.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "checks/catalogue/catalogue.hpp"
#include "tests/catch.hpp"
#include "tests/cli/daemon/sample_watch.hpp"
#include "tests/exporters/sample_probes.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using probe::ProbeVerdict;
using probe::Rcode;

const std::string key_a = "v=DKIM1; k=ed25519; p=xRaMj0CHflT0WQhT8X1g5s1fF4tCghmuysOGIfijrhM=";
const std::string key_b = "v=DKIM1; k=ed25519; p=wK7c4KHlteqDemLe4XSCOKO4mWxuekA+fPi0R7IQW/c=";

Said says(int server, const std::string& record) {
  Said said;
  said.server = server;
  said.texts = {{record}};
  return said;
}

probe::FinishedProbe finished(std::vector<probe::Observation> observations) {
  return {observations.front().domain, probe::ProbeDepth::full, false, std::move(observations)};
}

/// A probe of each selector on both servers, by what they publish.
probe::FinishedProbe probe_at(std::int64_t second,
                              const std::map<std::string, std::vector<Said>>& selectors) {
  std::vector<probe::Observation> observations;
  for (const auto& [selector, said] : selectors)
    observations.push_back(sample_probe("one.example", selector, at_second(second), said));
  return finished(std::move(observations));
}

struct Scene {
  cli::WatchState state{};

  void watch(const std::string& text, std::int64_t second) {
    state.replace(std::make_shared<const cli::WatchList>(watched(text)), {}, at_second(second));
  }
  const checks::TargetState& target(const checks::TargetKey& key, std::int64_t second) {
    fleet = state.fleet(at_second(second));
    const auto* const found = checks::find_target(*fleet, key);
    REQUIRE(found != nullptr);
    return *found;
  }
  std::shared_ptr<const checks::RotationOverview> rotation(std::int64_t second) {
    return checks::find_rotation(*state.fleet(at_second(second)), key("one.example").domain);
  }

  std::shared_ptr<const checks::Fleet> fleet{};
};

const std::string plain = "domains: [{domain: one.example, selectors: [s1, s2]}]\n";

const checks::CheckResult& result(const checks::Report& report, std::string_view check) {
  for (const auto& each : report.outcomes) {
    if (each.check->name == check) return each;
  }
  FAIL("no such check");
  std::abort();
}

}  // namespace

TEST_CASE("a probe is judged, and the history knows when its key was first seen") {
  Scene scene;
  scene.watch(plain, 0);
  const auto seen =
      probe_at(10, {{"s1", {says(1, key_a), says(2, key_a)}}, {"s2", {says(1, key_b), says(2, key_b)}}});
  CHECK(scene.state.take(seen, at_second(10)) != ProbeVerdict::failed);
  CHECK(scene.state.take(probe_at(70, {{"s1", {says(1, key_a), says(2, key_a)}}}), at_second(70)) ==
        ProbeVerdict::unchanged);
  const auto& target = scene.target(key("one.example"), 70);
  REQUIRE(target.report);
  CHECK(target.last_probe == at_second(70));
  CHECK(target.key_first_seen == at_second(10));
  REQUIRE(scene.state.history(key("one.example")));
  CHECK(scene.state.history(key("one.example"))->last_probe == at_second(70));
  CHECK(scene.state.history(key("one.example", "s3")) == nullptr);
}

TEST_CASE("a snapshot never changes, and stays the latest until the next update") {
  Scene scene;
  scene.watch(plain, 0);
  const auto before = scene.state.fleet(at_second(0));
  CHECK(before == scene.state.fleet(at_second(1)));
  static_cast<void>(scene.state.take(probe_at(10, {{"s1", {says(1, key_a)}}}), at_second(10)));
  const auto after = scene.state.fleet(at_second(10));
  CHECK(checks::find_target(*before, key("one.example"))->report == nullptr);
  CHECK(checks::find_target(*after, key("one.example"))->report != nullptr);
  scene.state.set_next_probe(key("one.example").domain, at_second(70));
  CHECK(checks::find_target(*after, key("one.example"))->next_probe == std::nullopt);
  CHECK(scene.target(key("one.example"), 10).next_probe == at_second(70));
}

TEST_CASE("a key published at two watched selectors is found") {
  Scene scene;
  scene.watch(plain, 0);
  const auto same = probe_at(10, {{"s1", {says(1, key_a)}}, {"s2", {says(1, key_a)}}});
  static_cast<void>(scene.state.take(same, at_second(10)));
  CHECK(result(*scene.target(key("one.example"), 10).report, "key_reused").outcome ==
        checks::CheckOutcome::found);
  const auto apart = probe_at(20, {{"s1", {says(1, key_a)}}, {"s2", {says(1, key_b)}}});
  Scene other;
  other.watch(plain, 0);
  static_cast<void>(other.state.take(apart, at_second(20)));
  CHECK(result(*other.target(key("one.example"), 20).report, "key_reused").outcome ==
        checks::CheckOutcome::clear);
}

TEST_CASE("a key that shares a prime with that of another watched domain is found") {
  Scene scene;
  scene.watch("domains: [{domain: one.example, selectors: [s1]}, {domain: two.example, selectors: [s1]}]\n",
              0);
  const auto said = [](const std::string& name) {
    std::ifstream stream(DKIMPROBE_SOURCE_DIRECTORY "/tests/checks/vectors/keys/" + name + ".b64");
    std::string key;
    std::getline(stream, key);
    return std::vector<Said>{says(1, "v=DKIM1; k=rsa; p=" + key), says(2, "v=DKIM1; k=rsa; p=" + key)};
  };
  const auto probe = [&](const std::string& domain, std::int64_t second, const std::string& name) {
    static_cast<void>(scene.state.take(finished({sample_probe(domain, "s1", at_second(second), said(name))}),
                                       at_second(second)));
  };
  const auto shares = [&](const std::string& domain) {
    const auto& report = scene.target(key(domain), 20).report;
    REQUIRE(report);
    return std::ranges::any_of(report->findings, [](const checks::Finding& finding) {
      return finding.check->name == "key_weak_shared_prime";
    });
  };
  probe("one.example", 1, "rsa2048_half_roca");
  probe("two.example", 2, "rsa2048_apart");
  CHECK_FALSE(shares("two.example"));
  probe("two.example", 3, "rsa2048_sharing");
  probe("two.example", 4, "rsa2048_sharing");
  CHECK(shares("two.example"));
}

TEST_CASE("a reload forgets removed targets and keeps the state of the others") {
  Scene scene;
  scene.watch(plain, 0);
  const auto seen = probe_at(10, {{"s1", {says(1, key_a)}}, {"s2", {says(1, key_b)}}});
  static_cast<void>(scene.state.take(seen, at_second(10)));
  scene.watch("domains: [{domain: one.example, selectors: [s2, s3]}]\n", 20);
  CHECK(scene.state.history(key("one.example")) == nullptr);
  CHECK(scene.target(key("one.example", "s2"), 20).report != nullptr);
  CHECK(scene.target(key("one.example", "s3"), 20).report == nullptr);
  CHECK(scene.state.unknown_targets(*scene.state.list()) == std::vector{key("one.example", "s3")});
  // A probe that was running still contains s1.
  static_cast<void>(scene.state.take(seen, at_second(30)));
  CHECK(scene.state.history(key("one.example")) == nullptr);
}

TEST_CASE("stored histories are known from the first probe on") {
  checks::SelectorHistory stored;
  checks::extend(stored, sample_probe("one.example", "s1", at_second(-1'000), {says(1, key_a)}));
  cli::WatchState state;
  state.replace(std::make_shared<const cli::WatchList>(watched(plain)),
                {{key("one.example"), std::make_shared<const checks::SelectorHistory>(stored)}},
                at_second(0));
  CHECK(state.unknown_targets(*state.list()) == std::vector{key("one.example", "s2")});
  static_cast<void>(state.take(probe_at(10, {{"s1", {says(1, key_a)}}}), at_second(10)));
  const auto fleet = state.fleet(at_second(10));
  CHECK(checks::find_target(*fleet, key("one.example"))->key_first_seen == at_second(-1'000));
}

TEST_CASE("a rotation is planned after each probe, and again when one of its times passes") {
  Scene scene;
  // By then the first day of 2026 is over.
  scene.watch(R"(
domains:
  - domain: one.example
    rotation: {max_key_age: 1h, retired_key_retention: 1h}
    selectors: [s1, {name: s2, role: retired, last_signature: 2025-12-31T23:00:30Z}]
)",
              0);
  const auto both = [](std::int64_t second) {
    return probe_at(second, {{"s1", {says(1, key_a)}}, {"s2", {says(1, key_b)}}});
  };
  CHECK(scene.rotation(0) == nullptr);
  static_cast<void>(scene.state.take(probe_at(5, {{"s1", {says(1, key_a)}}}), at_second(5)));
  CHECK(scene.rotation(5) == nullptr);
  static_cast<void>(scene.state.take(both(10), at_second(10)));
  static_cast<void>(scene.state.take(both(11), at_second(11)));
  const auto before = scene.rotation(29);
  REQUIRE(before->state.old_keys.size() == 1);
  CHECK(before->state.old_keys.front().published);
  CHECK_FALSE(before->state.old_keys.front().still_published);
  CHECK_FALSE(before->state.overdue);
  // The last signature plus the retention is 30 s into the year; nothing is planned again until then.
  CHECK(before == scene.rotation(12));
  CHECK_FALSE(scene.rotation(31)->state.old_keys.front().still_published);
  // A seventh of the retention later.
  CHECK(scene.rotation(31 + 515)->state.old_keys.front().still_published);
  CHECK_FALSE(scene.rotation(3'600)->state.overdue);
  CHECK(scene.rotation(3'700)->state.overdue);
}

TEST_CASE("former nameservers of a domain count for each of its selectors, even for new ones") {
  Scene scene;
  scene.watch(R"(
domains:
  - domain: one.example
    selectors: [s1, {name: s2, role: pending, never_used: yes}]
)",
              0);
  static_cast<void>(
      scene.state.take(probe_at(10, {{"s1", {says(1, key_a), says(2, key_a)}}}), at_second(10)));
  const auto moved = [](std::int64_t second) {
    return probe_at(second,
                    {{"s1", {says(3, key_a), says(4, key_a)}}, {"s2", {says(3, key_b), says(4, key_b)}}});
  };
  for (const std::int64_t second : {20, 21})
    static_cast<void>(scene.state.take(moved(second), at_second(second)));
  const auto rotation = scene.rotation(22);
  REQUIRE(rotation);
  const checks::SafeTime& sign = rotation->state.sign;
  CHECK(std::ranges::any_of(sign.reasons, [](const checks::ReasonDetail& reasons) {
    return reasons.is(checks::Reason::old_nameservers);
  }));
  REQUIRE(sign.at);
  CHECK(*sign.at >= at_second(20 + 86'400));
}

TEST_CASE("one probe without a response from a server does not change the plan, a second one does") {
  Scene scene;
  scene.watch(R"(
domains:
  - domain: one.example
    selectors: [s1, {name: s2, role: pending, never_used: yes}]
)",
              0);
  Said lost = says(2, key_b);
  lost.silent = true;
  const std::vector<Said> old{says(1, key_a), says(2, key_a)};
  const auto good = [&](std::int64_t second) {
    return probe_at(second, {{"s1", old}, {"s2", {says(1, key_b), says(2, key_b)}}});
  };
  for (const std::int64_t second : {10, 11})
    static_cast<void>(scene.state.take(good(second), at_second(second)));
  REQUIRE(scene.rotation(12)->state.next_everywhere);
  const auto bad = [&](std::int64_t second) {
    return probe_at(second, {{"s1", old}, {"s2", {says(1, key_b), lost}}});
  };
  CHECK(scene.state.take(bad(20), at_second(20)) == ProbeVerdict::unconfirmed);
  CHECK(scene.rotation(20)->state.next_everywhere);
  static_cast<void>(scene.state.take(bad(21), at_second(21)));
  CHECK_FALSE(scene.rotation(21)->state.next_everywhere);
}

TEST_CASE("no probe is lost when the clock is set back") {
  Scene scene;
  scene.watch(plain, 0);
  static_cast<void>(scene.state.take(probe_at(5'000, {{"s1", {says(1, key_a)}}}), at_second(5'000)));
  static_cast<void>(scene.state.take(probe_at(100, {{"s1", {says(1, key_b)}}}), at_second(100)));
  const auto history = scene.state.history(key("one.example"));
  REQUIRE(history);
  CHECK(history->last_probe == at_second(100));
  CHECK(history->servers.front().periods.size() == 2);
}

TEST_CASE("the next plan is due at the earliest future time of the rotation, within the hour") {
  checks::RotationOverview overview;
  overview.now = at_second(0);
  CHECK(cli::next_plan(overview) == at_second(3'600));
  overview.state.due_at = at_second(-5);
  overview.state.sign.at = at_second(900);
  overview.state.old_keys.emplace_back().gone.at = at_second(700);
  overview.changes.emplace_back().steps.emplace_back().earliest = at_second(800);
  CHECK(cli::next_plan(overview) == at_second(700));
}

}  // namespace dkimprobe::tests
