// The fleet's state under reports that come and go: what is believed, and when.
#include "checks/fleet/fleet.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include <fmt/format.h>
#include <rapidcheck.h>

#include "checks/catalogue/catalogue.hpp"
#include "tests/catch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using checks::Applied;
using checks::Fleet;
using checks::Report;
using checks::ServerOutcome;
using checks::Status;
using checks::TargetKey;
using probe::WallTime;

const WallTime start{std::chrono::hours(480'000)};

TargetKey key(std::string_view domain, std::string_view selector = "s1") {
  return {config::DomainName::parse(domain).value(), config::Selector::parse(selector).value()};
}

/// What is wrong: `silent` names the servers 192.0.2.N that do not answer, of three.
struct Seen {
  std::set<int> silent{};
  std::string published = "a1";
  bool nobody = false;  ///< this machine has no network
};

std::shared_ptr<const Report> report(const TargetKey& target, const Seen& seen, WallTime when = start) {
  auto made = std::make_shared<Report>();
  made->domain = target.domain;
  made->selector = target.selector;
  made->observed_at = when;
  made->status = seen.nobody ? Status::unknown : seen.silent.empty() ? Status::ok : Status::warning;
  for (int i = 1; i <= 3; ++i) {
    checks::ServerRow& row = made->servers.emplace_back();
    row.id = {fmt::format("ns{}.example.com", i),
              {config::Address::parse(fmt::format("192.0.2.{}", i)).value(), 53}};
    row.outcome = seen.nobody               ? ServerOutcome::local_error
                  : seen.silent.contains(i) ? ServerOutcome::timeout
                                            : ServerOutcome::answered;
    if (row.outcome == ServerOutcome::answered) row.answer_sha256 = seen.published;
    row.serial = static_cast<std::uint32_t>(when.time_since_epoch().count());
    if (row.outcome == ServerOutcome::timeout) {
      checks::Finding& finding = made->findings.emplace_back();
      finding.check = checks::find_check("ns_timeout_udp");
      finding.severity = config::Severity::warning;
      finding.servers = {row.id};
      finding.detail = fmt::format("at {}", when.time_since_epoch().count());
    }
  }
  return made;
}

Fleet fleet_of(const std::vector<TargetKey>& keys) {
  Fleet fleet;
  std::vector<checks::WatchedTarget> targets;
  for (const TargetKey& each : keys) targets.push_back({each, "", config::Role::active, {}});
  checks::set_targets(fleet, targets);
  return fleet;
}

const checks::TargetState& state(const Fleet& fleet, const TargetKey& target) {
  const auto* const found = checks::find_target(fleet, target);
  REQUIRE(found != nullptr);
  return *found;
}

}  // namespace

TEST_CASE("the first report is accepted, and confirmed by another probe unless its status is ok") {
  const auto target = key("example.com");
  Fleet fleet = fleet_of({target});
  CHECK(state(fleet, target).report == nullptr);
  SECTION("fine") {
    const auto first = report(target, {});
    CHECK(apply_report(fleet, first) == Applied::changed);
    CHECK(state(fleet, target).report == first);
    CHECK(state(fleet, target).last_change == start);
  }
  SECTION("not fine") {
    const auto first = report(target, {{2}});
    CHECK(apply_report(fleet, first) == Applied::unconfirmed);
    CHECK(state(fleet, target).report == first);
    CHECK(apply_report(fleet, report(target, {{2}}, start + 1s)) == Applied::unchanged);
  }
}

TEST_CASE("a change is accepted when a second probe shows it") {
  const auto target = key("example.com");
  Fleet fleet = fleet_of({target});
  const auto healthy = report(target, {});
  REQUIRE(apply_report(fleet, healthy) == Applied::changed);
  const auto lost = report(target, {{2}}, start + 5min);
  CHECK(apply_report(fleet, lost) == Applied::unconfirmed);
  CHECK(state(fleet, target).report == healthy);
  CHECK(state(fleet, target).unconfirmed == lost);
  CHECK(state(fleet, target).confirming());
  SECTION("it does") {
    const auto second = report(target, {{2}}, start + 6min);
    CHECK(apply_report(fleet, second) == Applied::changed);
    CHECK(state(fleet, target).report == second);
    CHECK_FALSE(state(fleet, target).confirming());
    CHECK(state(fleet, target).last_change == start + 6min);
    // The way back is the same.
    CHECK(apply_report(fleet, report(target, {}, start + 7min)) == Applied::unconfirmed);
    CHECK(state(fleet, target).report == second);
    CHECK(apply_report(fleet, report(target, {}, start + 8min)) == Applied::changed);
  }
  SECTION("it does not: a single loss") {
    const auto second = report(target, {}, start + 6min);
    CHECK(apply_report(fleet, second) == Applied::unchanged);
    CHECK(state(fleet, target).report == second);
    CHECK_FALSE(state(fleet, target).confirming());
    CHECK(state(fleet, target).last_change == start);
    // Nor is it half of another change.
    CHECK(apply_report(fleet, report(target, {{2}}, start + 7min)) == Applied::unconfirmed);
  }
  SECTION("it shows part of it") {
    // First 2, then 2 and 3: of 3 nothing is certain, so none of it is believed as a whole.
    CHECK(apply_report(fleet, report(target, {{2, 3}}, start + 6min)) == Applied::unconfirmed);
    CHECK(state(fleet, target).report == healthy);
    // Then 2 alone, which all three rounds showed.
    const auto third = report(target, {{2}}, start + 7min);
    CHECK(apply_report(fleet, third) == Applied::changed);
    CHECK(state(fleet, target).report == third);
  }
  SECTION("rounds that never agree end at the third") {
    CHECK(apply_report(fleet, report(target, {{1}}, start + 6min)) == Applied::unconfirmed);
    const auto third = report(target, {{3}}, start + 7min);
    CHECK(apply_report(fleet, third) == Applied::changed);
    CHECK(state(fleet, target).report == third);
  }
}

TEST_CASE("a fault that a restart shows too is accepted only after the longest restart") {
  const auto target = key("example.com");
  const char* const name = GENERATE("ns_rate_limited", "ns_edns_dropped", "ns_edns_formerr");
  Fleet fleet = fleet_of({target});
  const auto healthy = report(target, {});
  REQUIRE(apply_report(fleet, healthy) == Applied::changed);
  const auto with_fault = [&](WallTime when) {
    auto made = std::make_shared<Report>(*report(target, {}, when));
    made->status = Status::warning;
    checks::Finding& finding = made->findings.emplace_back();
    finding.check = checks::find_check(name);
    finding.severity = config::Severity::warning;
    finding.servers = {made->servers.front().id};
    return made;
  };
  for (const auto after : {0s, 1s, 2s, 10s, 59s})
    CHECK(apply_report(fleet, with_fault(start + 5min + after)) == Applied::unconfirmed);
  CHECK(state(fleet, target).report == healthy);
  SECTION("a restart") {
    CHECK(apply_report(fleet, report(target, {}, start + 7min)) == Applied::unchanged);
    CHECK(apply_report(fleet, with_fault(start + 8min)) == Applied::unconfirmed);
  }
  SECTION("a fault") {
    CHECK(apply_report(fleet, with_fault(start + 6min)) == Applied::changed);
    CHECK(state(fleet, target).report->findings.size() == 1);
    CHECK(apply_report(fleet, with_fault(start + 7min)) == Applied::unchanged);
  }
}

TEST_CASE("only findings, records and roles change a state, not times or serials") {
  const auto target = key("example.com");
  Fleet fleet = fleet_of({target});
  REQUIRE(apply_report(fleet, report(target, {})) == Applied::changed);
  SECTION("time, serial and sentences do not") {
    CHECK(apply_report(fleet, report(target, {}, start + 1h)) == Applied::unchanged);
    CHECK(state(fleet, target).last_probe == start + 1h);
    CHECK(state(fleet, target).probes == 2);
  }
  SECTION("another text does, although nothing is wrong with it") {
    CHECK(apply_report(fleet, report(target, {{}, "b2"}, start + 1h)) == Applied::unconfirmed);
    CHECK(apply_report(fleet, report(target, {{}, "b2"}, start + 1h)) == Applied::changed);
  }
  SECTION("another role is another measure, and is believed at once") {
    auto retired = std::make_shared<Report>(*report(target, {{1}}, start + 1h));
    retired->role = config::Role::retired;
    CHECK(apply_report(fleet, retired) == Applied::unconfirmed);
    CHECK(state(fleet, target).report == retired);
  }
}

TEST_CASE("a probe without any answer counts as failed, whether it is accepted or not") {
  const auto target = key("example.com");
  Fleet fleet = fleet_of({target});
  const auto healthy = report(target, {});
  REQUIRE(apply_report(fleet, healthy) == Applied::changed);
  const Seen nobody{{}, "", true};
  CHECK(apply_report(fleet, report(target, nobody, start + 1min)) == Applied::failed);
  CHECK(state(fleet, target).report == healthy);
  CHECK(apply_report(fleet, report(target, nobody, start + 2min)) == Applied::failed);
  CHECK(state(fleet, target).report->status == Status::unknown);
  CHECK(state(fleet, target).failed_probes == 2);
  CHECK(state(fleet, target).failed_probes_in_a_row == 2);
  CHECK(apply_report(fleet, report(target, {}, start + 3min)) == Applied::unconfirmed);
  CHECK(state(fleet, target).failed_probes_in_a_row == 0);
  CHECK(state(fleet, target).failed_probes == 2);
}

TEST_CASE("targets are sorted, and kept or dropped when they are replaced") {
  const auto a = key("a.example");
  const auto b1 = key("B.example", "s1");
  const auto b2 = key("b.example", "s2");
  Fleet fleet = fleet_of({b2, a, b1, a});
  REQUIRE(fleet.targets.size() == 3);
  CHECK(fleet.targets[0]->key == a);
  CHECK(fleet.targets[1]->key == b1);
  CHECK(fleet.targets[2]->key == b2);
  const auto healthy = report(b2, {});
  REQUIRE(apply_report(fleet, healthy) == Applied::changed);
  CHECK(checks::set_next_probe(fleet, b1.domain, start + 1h));
  CHECK(state(fleet, b1).next_probe == start + 1h);
  CHECK(state(fleet, b2).next_probe == start + 1h);
  CHECK_FALSE(state(fleet, a).next_probe);
  CHECK(checks::set_key_first_seen(fleet, b2, start - 24h));

  const checks::Maintenance maintenance{start + 2h, "a new provider"};
  checks::set_targets(fleet,
                      {{b2, "mail", config::Role::retired, maintenance}, {key("c.example"), "", {}, {}}});
  REQUIRE(fleet.targets.size() == 2);
  CHECK(checks::find_target(fleet, a) == nullptr);
  CHECK(state(fleet, b2).report == healthy);
  CHECK(state(fleet, b2).key_first_seen == start - 24h);
  CHECK(state(fleet, b2).group == "mail");
  CHECK(state(fleet, b2).role == config::Role::retired);
  CHECK(state(fleet, b2).in_maintenance(start + 119min));
  CHECK_FALSE(state(fleet, b2).in_maintenance(start + 2h));
  const Fleet before = fleet;
  CHECK(apply_report(fleet, report(a, {})) == Applied::no_target);
  CHECK_FALSE(checks::set_next_probe(fleet, a.domain, start));
  CHECK(fleet.targets == before.targets);
}

TEST_CASE("a copy keeps its state and shares the targets that did not change since") {
  const auto a = key("a.example");
  const auto b = key("b.example");
  Fleet fleet = fleet_of({a, b});
  REQUIRE(apply_report(fleet, report(a, {})) == Applied::changed);
  const Fleet copy = fleet;
  REQUIRE(apply_report(fleet, report(b, {})) == Applied::changed);
  REQUIRE(checks::set_next_probe(fleet, b.domain, start + 1h));
  CHECK(state(copy, b).report == nullptr);
  CHECK_FALSE(state(copy, b).next_probe);
  CHECK(state(fleet, b).report != nullptr);
  CHECK(&state(fleet, a) == &state(copy, a));
}

TEST_CASE("nothing that only the last probe showed is accepted, unless three probes in a row differ") {
  CHECK(rc::check([] {
    const auto target = key("example.com");
    Fleet fleet = fleet_of({target});
    std::mt19937_64 chance(*rc::gen::arbitrary<std::uint64_t>());
    std::vector<std::set<int>> probes;
    std::set<int> believed;
    int differing = 0;  // rounds in a row that are not as what is believed
    for (int i = 0; i < 60; ++i) {
      std::set<int> silent;
      for (int server = 1; server <= 3; ++server) {
        if (chance() % 4 == 0) silent.insert(server);
      }
      probes.push_back(silent);
      const Applied applied = apply_report(fleet, report(target, {silent}, start + std::chrono::minutes(i)));
      if (i == 0) {
        believed = silent;
        continue;
      }
      differing = silent == believed ? 0 : differing + 1;
      const bool taken =
          checks::find_target(fleet, target)->report->observed_at == start + std::chrono::minutes(i);
      RC_ASSERT(taken == (applied != Applied::unconfirmed));
      if (!taken) {
        RC_ASSERT(differing == 1 || differing == 2);
        continue;
      }
      for (int server = 1; server <= 3; ++server) {
        const bool flipped = silent.contains(server) != believed.contains(server);
        const bool twice = silent.contains(server) == probes[probes.size() - 2].contains(server);
        RC_ASSERT(!flipped || twice || differing == 3);
      }
      believed = silent;
      differing = 0;
    }
  }));
}

}  // namespace dkimprobe::tests
