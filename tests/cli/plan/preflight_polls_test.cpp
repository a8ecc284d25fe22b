// The time of the next probe of a preflight, and the loop of its probes with a simulated clock.
#include "cli/plan/preflight_polls.hpp"

#include "checks/history/history.hpp"
#include "cli/plan/polling.hpp"
#include "tests/catch.hpp"

using namespace dkimprobe;
using namespace dkimprobe::cli;
using namespace std::chrono_literals;
using checks::Readiness;
using probe::WallTime;

namespace {

constexpr WallTime start{std::chrono::milliseconds{1'795'311'296'789}};

checks::SafeTime verdict(Readiness readiness, std::optional<WallTime> at = std::nullopt) {
  checks::SafeTime safe;
  safe.readiness = readiness;
  safe.at = at;
  return safe;
}

constexpr auto right_record = "v=DKIM1; k=ed25519; p=866/lVX7NSmjTGjBeTE27xlEdsiFwRlfhM7s5Bwh9G0=";
constexpr auto other_record = "v=DKIM1; k=ed25519; p=wUdrdUfO9qObQd2Ga1tPZzx13oaZMMjd5UPOUNlGbIo=";

config::DomainName name(const std::string& text) {
  return config::DomainName::parse(text).value();
}

/// One zone and its servers: each has a text, or none (NODATA with a TTL of one minute).
probe::Observation observation(WallTime when, const std::vector<std::string>& texts) {
  probe::Observation seen;
  seen.domain = name("example.com");
  seen.selector = config::Selector::parse("s2").value();
  seen.observed_at = when;
  probe::Hop hop;
  hop.owner = seen.selector.owner_name(seen.domain).value();
  hop.delegation.zone = seen.domain;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    probe::ServerObservation server;
    server.names = {name("ns" + number + ".example.com")};
    server.address.ip = config::Address::parse("192.0.2." + number).value();
    probe::Exchange exchange;
    exchange.question_name = hop.owner;
    exchange.outcome = probe::Outcome::answered;
    probe::Response response;
    response.authoritative = true;
    if (texts[i].empty()) {
      response.soa = {{seen.domain, seen.domain, seen.domain, 1, 1, 1, 1, 60, 60, false}};
    } else {
      response.txt = {{300, {texts[i]}}};
    }
    exchange.response = response;
    server.exchanges = {exchange};
    hop.servers.push_back(std::move(server));
  }
  seen.key.hops = {std::move(hop)};
  return seen;
}

/// A world whose servers have, at each probe, what that line of the script says; later, the last line holds.
struct ScriptedWorld {
  std::vector<std::vector<std::string>> script{};
  std::size_t interrupt_at_probe = 0;  ///< 0: never
  WallTime interrupt_sleep_at{};       ///< the epoch: never
  std::vector<checks::CacheState> caches{};

  WallTime now = start;
  std::vector<WallTime> probes{};
  std::size_t public_questions = 0;
  checks::CacheState public_answer = checks::CacheState::expected;
  bool asks_public = false;
  checks::SelectorHistory history{};

  checks::CacheAnswer word(checks::CacheState state) const {
    return {{{config::Address::parse("192.0.2.53").value(), 53}, now, state, 40}, "what it said"};
  }

  PreflightEnd run(std::chrono::milliseconds wait, bool never_used = true) {
    PreflightWorld world;
    world.now = [this] { return now; };
    world.probe = [this] {
      probes.push_back(now);
      const auto& texts = script[std::min(probes.size(), script.size()) - 1];
      return SelectorProbe{observation(now, texts), probes.size() == interrupt_at_probe};
    };
    world.remember = [this](const probe::Observation& seen) {
      checks::extend(history, seen);
      return history;
    };
    world.read_caches = [this](const checks::Preflight&) {
      std::vector<checks::CacheAnswer> words;
      if (!caches.empty()) words.push_back(word(caches[std::min(probes.size(), caches.size()) - 1]));
      return words;
    };
    if (asks_public) {
      world.ask_public = [this](const checks::Preflight& preflight) {
        CHECK(preflight.sign.safe.readiness == Readiness::ready);
        ++public_questions;
        return std::vector{word(public_answer)};
      };
    }
    world.progress = [](const checks::Preflight&, std::optional<WallTime>) {};
    world.sleep_until = [this](WallTime time) {
      if (interrupt_sleep_at != WallTime{} && time >= interrupt_sleep_at) return false;
      CHECK(time > now);
      now = time;
      return true;
    };
    checks::SigningPlan plan;
    plan.selector.never_used = never_used;
    plan.terms.has_neighbour = true;
    return run_probes(plan, config::ProbeSettings{}, wait, world);
  }
};

}  // namespace

TEST_CASE("polling ends when the key is ready, or when the safe time is after the deadline") {
  CHECK_FALSE(next_probe(verdict(Readiness::ready, start), start, start + 30min, 5s, 0s));
  CHECK_FALSE(next_probe(verdict(Readiness::wait, start + 31min), start, start + 30min, 5s, 0s));
  CHECK(next_probe(verdict(Readiness::wait, start + 30min), start, start + 30min, 5s, 0s) == start + 30min);
}

TEST_CASE("a key that becomes safe within the current millisecond of the clock is ready at once") {
  PreflightWorld world;
  world.now = [] { return start; };
  world.probe = [] {
    SelectorProbe probe{observation(start, {right_record}), false};
    probe.observation.took = std::chrono::microseconds{300};
    return probe;
  };
  world.remember = [](const probe::Observation& seen) {
    checks::SelectorHistory history;
    checks::extend(history, seen);
    return history;
  };
  world.read_caches = [](const checks::Preflight&) { return std::vector<checks::CacheAnswer>{}; };
  world.progress = [](const checks::Preflight&, std::optional<WallTime>) {};
  checks::SigningPlan plan;
  plan.selector.never_used = true;
  plan.terms.has_neighbour = true;
  const auto end = run_probes(plan, config::ProbeSettings{}, 0ms, world);
  CHECK(end.preflight.sign.safe.readiness == Readiness::ready);
  CHECK(end.preflight.now == start + 1ms);
}

TEST_CASE("when only time is missing, the next probe is at the safe time") {
  CHECK(next_probe(verdict(Readiness::wait, start + 7min), start, start + 30min, 5s, 0s) == start + 7min);
  // Even then not sooner than the rate limit allows.
  CHECK(next_probe(verdict(Readiness::wait, start + 1s), start, start + 30min, 5s, 3s) == start + 3s);
}

TEST_CASE("a key that is not ready is probed again after the interval, and a last time at the deadline") {
  for (const auto readiness : {Readiness::not_ready, Readiness::unknown}) {
    CHECK(next_probe(verdict(readiness), start, start + 30min, 5s, 2s) == start + 5s);
    CHECK(next_probe(verdict(readiness), start, start + 4s, 5s, 2s) == start + 4s);
    CHECK_FALSE(next_probe(verdict(readiness), start, start + 1s, 5s, 2s));
    CHECK_FALSE(next_probe(verdict(readiness), start, start, 5s, 0s));
    CHECK_FALSE(next_probe(verdict(readiness), start, start - 1s, 5s, 0s));
  }
}

TEST_CASE("intervals grow while nothing changes and become short again after a change") {
  std::chrono::milliseconds interval{0};
  std::vector<std::chrono::milliseconds> all;
  for (int i = 0; i < 9; ++i) all.push_back(interval = next_interval(interval, i == 0, 0ms));
  CHECK(all.front() == 5s);
  CHECK(std::is_sorted(all.begin(), all.end()));
  CHECK(all[1] == 7'500ms);
  CHECK(all.back() == 60s);
  CHECK(next_interval(60s, true, 0ms) == 5s);
  CHECK(next_interval(5s, true, 9s) == 9s);
  CHECK(next_interval(60s, false, 100s) == 100s);
}

TEST_CASE("the interval is long enough for the rate limit to recover from one probe") {
  auto seen = observation(start, {right_record, right_record});
  auto& hop = seen.key.hops.front();
  hop.servers[1].exchanges.resize(10, hop.servers[1].exchanges.front());
  config::ProbeSettings settings;
  CHECK(least_interval(seen, settings) == 2s);
  settings.rate_per_second = 0.1;
  CHECK(least_interval(seen, settings) == 100s);
  settings.rate_per_second = 0;  // unlimited
  CHECK(least_interval(seen, settings) == 0s);
  // Each probe also asks the servers of the zones above.
  settings.rate_per_second = 1;
  hop.delegation.exchanges.resize(20);
  CHECK(least_interval(seen, settings) == 20s);
}

TEST_CASE("a key that was never used is ready as soon as the last server has it") {
  ScriptedWorld world;
  world.script = {{"", ""}, {right_record, ""}, {right_record, ""}, {right_record, right_record}};
  const auto end = world.run(30min);
  CHECK(end.preflight.sign.safe.readiness == Readiness::ready);
  CHECK_FALSE(end.interrupted);
  CHECK(world.probes == std::vector<WallTime>{start, start + 5s, start + 10s, start + 17'500ms});
  CHECK(end.preflight.probes == 4);
}

TEST_CASE("without --wait there is one probe") {
  ScriptedWorld world;
  world.script = {{"", right_record}};
  CHECK(world.run(0ms).preflight.sign.safe.readiness == Readiness::not_ready);
  CHECK(world.probes.size() == 1);
}

TEST_CASE("once the absence has expired from all caches, one more probe confirms the key") {
  ScriptedWorld world;
  world.script = {{""}, {right_record}};
  const auto end = world.run(30min, false);
  CHECK(end.preflight.sign.safe.readiness == Readiness::ready);
  REQUIRE(world.probes.size() == 3);
  CHECK(world.probes[2] >= world.probes[1] + 60s);
  CHECK(world.probes[2] < world.probes[1] + 62s);
}

TEST_CASE("a key that disappears during the wait is not ready") {
  ScriptedWorld world;
  world.script = {{""}, {right_record}, {other_record}};
  const auto end = world.run(100s, false);
  CHECK(world.probes.size() >= 3);
  CHECK(end.preflight.sign.safe.readiness != Readiness::ready);
}

TEST_CASE("a wait that is too short for an unknown past ends at once") {
  ScriptedWorld world;
  world.script = {{right_record}};
  const auto end = world.run(30min, false);
  CHECK(end.preflight.sign.safe.readiness == Readiness::wait);
  CHECK(end.preflight.sign.safe.at == start + 24h + 1s);
  CHECK(world.probes.size() == 1);
}

TEST_CASE("at the deadline the wait ends with the last verdict") {
  ScriptedWorld world;
  world.script = {{right_record, ""}};
  const auto end = world.run(5min);
  CHECK(end.preflight.sign.safe.readiness == Readiness::not_ready);
  CHECK(world.probes.back() == start + 5min);
  CHECK_FALSE(end.interrupted);
}

TEST_CASE("an interrupted probe is ignored if a complete one came before it") {
  ScriptedWorld world;
  world.script = {{right_record, ""}, {right_record, right_record}};
  world.interrupt_at_probe = 2;
  const auto end = world.run(5min);
  CHECK(end.interrupted);
  CHECK(end.preflight.probes == 1);
  CHECK(end.preflight.sign.safe.readiness == Readiness::not_ready);
  CHECK(world.history.last_probe == start);
}

TEST_CASE("an interrupted first probe is reported as it is and not stored") {
  ScriptedWorld world;
  world.script = {{right_record, ""}};
  world.interrupt_at_probe = 1;
  const auto end = world.run(5min);
  CHECK(end.interrupted);
  CHECK(end.preflight.sign.servers.size() == 2);
  CHECK_FALSE(world.history.last_probe);
}

TEST_CASE("an interrupted wait reports the last verdict") {
  ScriptedWorld world;
  world.script = {{right_record, ""}};
  world.interrupt_sleep_at = start + 10s;
  const auto end = world.run(5min);
  CHECK(end.interrupted);
  CHECK(end.preflight.probes == 2);
}

TEST_CASE(
    "the wait lasts until a resolver's cached absence expires, even if another of its caches answers later") {
  ScriptedWorld world;
  world.script = {{right_record}};
  world.caches = {checks::CacheState::denied, checks::CacheState::empty};
  const auto end = world.run(48h);
  CHECK(end.preflight.sign.safe.readiness == Readiness::ready);
  CHECK(world.probes.back() >= start + 40s);
}

TEST_CASE("the recursive query is sent once, when it is safe to sign") {
  ScriptedWorld world;
  world.asks_public = true;
  world.script = {{""}, {right_record}};
  auto end = world.run(30min);
  CHECK(world.public_questions == 1);
  CHECK(end.preflight.sign.safe.readiness == Readiness::ready);
  REQUIRE(end.preflight.public_answer);
  CHECK(end.preflight.public_answer->why_not_asked.empty());
  CHECK(end.preflight.public_answer->answers.size() == 1);

  ScriptedWorld early;
  early.asks_public = true;
  early.script = {{""}};
  end = early.run(0ms);
  CHECK(early.public_questions == 0);
  REQUIRE(end.preflight.public_answer);
  CHECK_FALSE(end.preflight.public_answer->why_not_asked.empty());
}

TEST_CASE("a recursive answer without the key makes the verdict not ready and ends the wait") {
  for (const auto state : {checks::CacheState::denied, checks::CacheState::other}) {
    ScriptedWorld world;
    world.asks_public = true;
    world.public_answer = state;
    world.script = {{right_record}};
    const auto end = world.run(30min);
    CHECK(end.preflight.sign.safe.readiness == Readiness::not_ready);
    CHECK(world.public_questions == 1);
    CHECK(world.probes.size() == 1);
  }
}

TEST_CASE("a recursive query without a usable answer does not permit signing") {
  for (const auto state :
       {checks::CacheState::unknown, checks::CacheState::hidden, checks::CacheState::empty}) {
    ScriptedWorld world;
    world.asks_public = true;
    world.public_answer = state;
    world.script = {{right_record}};
    const auto end = world.run(30min);
    CHECK(end.preflight.sign.safe.readiness == Readiness::unknown);
    CHECK_FALSE(end.preflight.sign.safe.at);
    CHECK(world.public_questions == 1);
    CHECK(world.probes.size() == 1);
  }
}

TEST_CASE("a server with changing answers must have the key in two probes, whatever time is left") {
  for (const bool stays : {true, false}) {
    ScriptedWorld world;
    world.script = {{right_record}, {stays ? right_record : ""}};
    checks::extend(world.history, observation(start - 10min, {right_record}));
    checks::extend(world.history, observation(start - 5min, {""}));
    const auto end = world.run(0ms);
    CHECK(world.probes.size() == 2);
    CHECK(world.probes.back() - world.probes.front() >= 1s);
    CHECK(end.preflight.sign.safe.readiness == (stays ? Readiness::ready : Readiness::not_ready));
  }
  // A server that was wrong and is right now has done what it should.
  ScriptedWorld world;
  world.script = {{right_record}};
  checks::extend(world.history, observation(start - 5min, {""}));
  CHECK(world.run(0ms).preflight.sign.safe.readiness == Readiness::ready);
  CHECK(world.probes.size() == 1);
}
