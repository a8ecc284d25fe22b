// The schedule in virtual time: what must hold whatever the results of probes.
#include "probe/schedule/schedule.hpp"

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>
#include <rapidcheck.h>

#include "tests/catch.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using config::DomainName;
using probe::MonotonicTime;
using probe::ProbeDepth;
using probe::ProbeVerdict;
using probe::Schedule;
using probe::ScheduleLimits;
using probe::WatchedDomain;

const MonotonicTime start{std::chrono::hours(1)};

DomainName name(const std::string& text) {
  return DomainName::parse(text).value();
}

std::vector<config::Selector> selectors(const std::vector<std::string>& texts) {
  std::vector<config::Selector> parsed;
  for (const std::string& text : texts) parsed.push_back(config::Selector::parse(text).value());
  return parsed;
}

std::vector<WatchedDomain> domains(std::size_t count, std::chrono::milliseconds interval) {
  std::vector<WatchedDomain> targets;
  for (std::size_t i = 0; i < count; ++i) {
    targets.push_back({name(fmt::format("d{}.example", i)), selectors({"s1"}), interval, {}});
  }
  return targets;
}

config::ServerAddress server(const std::string& ip) {
  return {config::Address::parse(ip).value(), 53};
}

/// A probe that has begun.
struct Begun {
  Schedule::Turn turn{};
  MonotonicTime at{};
  MonotonicTime ends{};
};

/// Runs a schedule: probes take `took` and end with `verdict`.
struct Run {
  explicit Run(const ScheduleLimits& limits = {}, std::uint64_t seed = 1) : schedule(limits, seed) {}

  void until(MonotonicTime end) {
    for (;;) {
      while (const auto turn = schedule.begin_next(now, admission)) {
        const auto same = [&](const Begun& other) { return other.turn.domain == turn->domain; };
        overlapped = overlapped || std::any_of(under_way.begin(), under_way.end(), same);
        under_way.push_back({*turn, now, now + took});
        most_under_way = std::max(most_under_way, under_way.size());
        begun.push_back(under_way.back());
      }
      MonotonicTime next = end;
      if (const auto turn = schedule.next_turn(now, admission)) {
        // Otherwise the driver would loop without progress.
        if (*turn <= now) FAIL("the next turn is not later than now");
        next = std::min(next, *turn);
      }
      for (const Begun& probe : under_way) next = std::min(next, probe.ends);
      now = next;
      if (now >= end) return;
      for (std::size_t i = 0; i < under_way.size();) {
        if (under_way[i].ends > now) {
          ++i;
          continue;
        }
        const Begun over = under_way[i];
        under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(i));
        schedule.finished(over.turn.domain, verdict(over), now);
      }
    }
  }

  [[nodiscard]] std::vector<Begun> of(const DomainName& domain) const {
    std::vector<Begun> probes;
    std::copy_if(begun.begin(), begun.end(), std::back_inserter(probes),
                 [&](const Begun& probe) { return probe.turn.domain == domain; });
    return probes;
  }

  Schedule schedule;
  MonotonicTime now = start;
  std::chrono::milliseconds took{200};
  std::function<ProbeVerdict(const Begun&)> verdict = [](const Begun&) { return ProbeVerdict::unchanged; };
  Schedule::Admission admission = [this](const DomainName&) { return now; };
  std::vector<Begun> under_way{};
  std::vector<Begun> begun{};
  std::size_t most_under_way = 0;
  bool overlapped = false;
};

}  // namespace

TEST_CASE("slow probes give up their places, but not without limit") {
  probe::ProbeSlots slots;
  constexpr std::size_t most = 2;
  constexpr auto slow = probe::ProbeSlots::slow_after;
  CHECK(slots.room_at(most, start) == start);
  slots.begin(start);
  slots.begin(start + 1s);
  CHECK(slots.room_at(most, start + 2s) == start + slow);
  CHECK(slots.room_at(most, start + slow) == start + slow);
  slots.begin(start + slow);
  CHECK(slots.room_at(most, start + slow) == start + slow + 1s);
  slots.end(start + 1s);
  CHECK(slots.room_at(most, start + slow) == start + slow);
  for (int i = 0; i < 6; ++i) slots.begin(start + slow);
  CHECK(slots.size() == most * probe::ProbeSlots::with_slow);
  CHECK_FALSE(slots.room_at(most, start + 24h));
  slots.end(start);
  CHECK(slots.room_at(most, start + 24h) == start + 24h);
}

TEST_CASE("a single domain is probed at once, then once in each interval") {
  Run run;
  run.schedule.replace(domains(1, 300s), start);
  run.until(start + 24h);
  REQUIRE(run.begun.size() > 288);
  CHECK(run.begun.size() < 325);
  CHECK(run.begun.front().at == start);
  CHECK(run.begun.front().turn.depth == ProbeDepth::full);
  for (std::size_t i = 2; i < run.begun.size(); ++i) {
    const auto gap = run.begun[i].at - run.begun[i - 1].at;
    CHECK(gap <= 300s);
    CHECK(gap >= 270s);
  }
  CHECK(run.schedule.began_late() == 0);
}

TEST_CASE("the limits set the number of quick probes between full ones") {
  ScheduleLimits limits;
  limits.full_every = 4;
  Run run(limits);
  run.schedule.replace(domains(1, 60s), start);
  run.until(start + 1h);
  std::vector<std::size_t> full;
  for (std::size_t i = 0; i < run.begun.size(); ++i) {
    if (run.begun[i].turn.depth == ProbeDepth::full) full.push_back(i);
  }
  REQUIRE(full.size() > 10);
  CHECK(full[0] == 0);
  CHECK(full[1] <= 4);
  for (std::size_t i = 2; i < full.size(); ++i) CHECK(full[i] - full[i - 1] == 4);
}

TEST_CASE("the probes of a fleet are spread over its interval") {
  Run run;
  run.schedule.replace(domains(600, 300s), start);
  run.until(start + 300s);
  CHECK(run.begun[0].at == start);
  CHECK(run.begun[100].at - start >= 4s);
  CHECK(run.schedule.never_probed() == 0);
  run.begun.clear();
  run.until(start + 2h);
  // No ten seconds out of three hundred may have many more probes than their share, a little over twenty;
  // likewise for full probes, a 24th of them.
  std::map<std::int64_t, std::size_t> all;
  std::map<std::int64_t, std::size_t> full;
  for (const Begun& probe : run.begun) {
    const auto slot = (probe.at - start) / 10s;
    ++all[slot];
    if (probe.turn.depth == ProbeDepth::full) ++full[slot];
  }
  const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
  CHECK(std::max_element(all.begin(), all.end(), less)->second < 50);
  CHECK(std::max_element(full.begin(), full.end(), less)->second < 10);
}

TEST_CASE("an unconfirmed change is probed again at once, in full, a limited number of times") {
  Run run;
  run.schedule.replace(domains(1, 300s), start);
  run.until(start + 10min);
  run.begun.clear();
  run.verdict = [](const Begun&) { return ProbeVerdict::unconfirmed; };
  run.until(start + 16min);
  REQUIRE(run.begun.size() >= 5);
  CHECK_FALSE(run.begun[0].turn.confirms);
  for (std::size_t i = 1; i <= 3; ++i) {
    CHECK(run.begun[i].turn.confirms);
    CHECK(run.begun[i].turn.depth == ProbeDepth::full);
    CHECK(run.begun[i].at == run.begun[i - 1].ends);
  }
  CHECK_FALSE(run.begun[4].turn.confirms);
  CHECK(run.begun[4].turn.depth == ProbeDepth::full);
  CHECK(run.begun[4].at - run.begun[3].at > 200s);
}

TEST_CASE("after a change or a failure the next probes come sooner, with growing delays") {
  for (const ProbeVerdict verdict : {ProbeVerdict::changed, ProbeVerdict::failed}) {
    Run run;
    run.schedule.replace(domains(1, 300s), start);
    run.until(start + 10min);
    run.begun.clear();
    bool told = false;
    run.verdict = [&](const Begun&) { return std::exchange(told, true) ? ProbeVerdict::unchanged : verdict; };
    run.until(start + 40min);
    std::vector<MonotonicTime::duration> gaps;
    for (std::size_t i = 1; i < run.begun.size(); ++i)
      gaps.push_back(run.begun[i].at - run.begun[i - 1].ends);
    REQUIRE(gaps.size() > 6);
    const std::chrono::seconds expected[] = {15s, 30s, 60s, 120s, 240s};
    for (std::size_t i = 0; i < 5; ++i) {
      CHECK(gaps[i] <= expected[i]);
      CHECK(gaps[i] >= expected[i] * 9 / 10);
    }
    CHECK(gaps[5] >= 269s);
  }
}

TEST_CASE("a lasting failure is probed in full, once in each interval") {
  Run run;
  run.schedule.replace(domains(1, 300s), start);
  run.verdict = [](const Begun&) { return ProbeVerdict::failed; };
  run.until(start + 10h);
  CHECK(run.begun.size() < 120 + 20);
  CHECK(run.begun.size() > 110);
  for (const Begun& probe : run.begun) CHECK(probe.turn.depth == ProbeDepth::full);
}

TEST_CASE("many new domains get a quick probe first, and full ones as the rate limit permits") {
  ScheduleLimits limits;
  limits.rate_per_second = 5;
  for (const auto& [count, last_full] :
       {std::pair<std::size_t, std::size_t>{27, 0}, {28, 1}, {200, 2}, {800, 18}, {1'000, 26}}) {
    Run run(limits);
    run.took = 1ms;
    const auto targets = domains(count, 300s);
    // The first probe finds a fault, and the first full probe adds another.
    std::map<DomainName, std::size_t> seen;
    run.verdict = [&](const Begun& probe) {
      const bool is_first = seen[probe.turn.domain]++ == 0;
      return is_first || probe.turn.depth == ProbeDepth::full ? ProbeVerdict::unconfirmed
                                                              : ProbeVerdict::unchanged;
    };
    run.schedule.replace(targets, start);
    run.until(start + 4h);
    std::size_t latest = 0;
    for (const WatchedDomain& target : targets) {
      const auto probes = run.of(target.domain);
      const auto is_full = [](const Begun& probe) { return probe.turn.depth == ProbeDepth::full; };
      const auto at = std::find_if(probes.begin(), probes.end(), is_full);
      REQUIRE(at != probes.end());
      const auto place = static_cast<std::size_t>(at - probes.begin());
      if (last_full > 0) {
        // The immediate probe that confirms the first is quick too; the next probe confirms the full one.
        REQUIRE(place >= 2);
        CHECK(probes[1].turn.confirms);
        CHECK(
            std::none_of(probes.begin() + 2, at + 2, [](const Begun& probe) { return probe.turn.confirms; }));
        latest = std::max(latest, place - 1);
      } else {
        CHECK(place == 0);
      }
    }
    CHECK(latest <= last_full);
    CHECK(latest * 4 >= last_full * 3);
  }
}

TEST_CASE("the first probe is not a change") {
  Run run;
  run.schedule.replace(domains(1, 300s), start);
  run.verdict = [](const Begun& probe) {
    return probe.at == start ? ProbeVerdict::changed : ProbeVerdict::unchanged;
  };
  run.until(start + 1h);
  CHECK(run.begun.size() <= 15);
}

TEST_CASE("probes wait until their servers may be asked, while others begin") {
  Run run;
  const auto busy = name("d0.example");
  run.schedule.replace(domains(3, 300s), start);
  run.admission = [&](const DomainName& domain) { return domain == busy ? start + 100s : run.now; };
  run.until(start + 90s);
  CHECK(run.of(busy).empty());
  CHECK(run.begun.size() >= 2);
  CHECK(run.schedule.late(start + 31s) == 1);
  CHECK(run.schedule.began_late() == 0);
  run.until(start + 110s);
  REQUIRE(run.of(busy).size() == 1);
  CHECK(run.of(busy)[0].at == start + 100s);
  CHECK(run.schedule.began_late() == 1);
}

TEST_CASE("new targets do not affect the others") {
  Run run;
  auto targets = domains(3, 300s);
  run.schedule.replace(targets, start);
  run.until(start + 20min);
  run.begun.clear();
  const auto before = *run.schedule.next_turn(run.now, run.admission);
  targets[1].selectors = selectors({"s1", "s2"});
  targets.push_back({name("new.example"), selectors({"s1"}), 300s, {}});
  targets.erase(targets.begin() + 2);  // d2
  const MonotonicTime replaced = run.now;
  run.schedule.replace(targets, replaced);
  CHECK(run.schedule.size() == 3);
  CHECK(run.schedule.never_probed() == 1);
  run.until(replaced + 5min);
  CHECK(run.of(name("d2.example")).empty());
  CHECK(run.schedule.find(name("d2.example")) == nullptr);
  // Changed selectors and the new domain: at once, and in full.
  for (const auto* domain : {"d1.example", "new.example"}) {
    const auto probes = run.of(name(domain));
    REQUIRE_FALSE(probes.empty());
    CHECK(probes[0].at - replaced <= 1s);
    CHECK(probes[0].turn.depth == ProbeDepth::full);
  }
  const auto stayed = run.of(name("d0.example"));
  REQUIRE_FALSE(stayed.empty());
  CHECK(stayed[0].at >= before);
}

TEST_CASE("a shorter interval applies immediately") {
  Run run;
  run.schedule.replace(domains(1, 24h), start);
  run.until(start + 25h);
  run.begun.clear();
  const MonotonicTime replaced = run.now;
  run.schedule.replace(domains(1, 60s), replaced);
  run.until(replaced + 10min);
  REQUIRE(run.begun.size() >= 10);
  CHECK(run.begun[0].at - replaced <= 60s);
}

TEST_CASE("a domain removed and added again during its probe waits for the probe's end") {
  Run run;
  const auto targets = domains(1, 300s);
  run.took = 60s;
  run.schedule.replace(targets, start);
  run.until(start + 10s);
  REQUIRE(run.under_way.size() == 1);
  run.schedule.replace({}, run.now);
  CHECK(run.schedule.size() == 0);
  CHECK(run.schedule.under_way() == 1);
  run.until(start + 20s);
  run.schedule.replace(targets, run.now);
  run.until(start + 100s);
  REQUIRE(run.begun.size() == 2);
  // Immediately afterwards, since the first probe may not have asked what is wanted now.
  CHECK(run.begun[1].at == run.begun[0].ends);
  CHECK(run.schedule.never_probed() == 0);
}

TEST_CASE("a domain removed during its probe is forgotten when the probe ends") {
  Run run;
  run.schedule.replace(domains(1, 300s), start);
  run.until(start + 100ms);
  REQUIRE(run.under_way.size() == 1);
  run.schedule.replace({}, run.now);
  CHECK_FALSE(run.schedule.finished(name("d0.example"), ProbeVerdict::unchanged, run.now));
  CHECK(run.schedule.under_way() == 0);
  CHECK(run.schedule.never_probed() == 0);
  CHECK_FALSE(run.schedule.next_turn(run.now, run.admission));
}

TEST_CASE("the limits hold for any results of probes and any changes of targets") {
  CHECK(rc::check([] {
    ScheduleLimits limits;
    limits.full_every = *rc::gen::inRange<std::uint32_t>(1, 30);
    limits.rate_per_second = *rc::gen::element(0.0, 0.1, 5.0);
    limits.most_at_once = *rc::gen::inRange<std::size_t>(1, 20);
    limits.most_first = *rc::gen::inRange<std::size_t>(1, 20);
    const auto interval = std::chrono::seconds(*rc::gen::inRange(10, 600));
    Run run(limits, *rc::gen::arbitrary<std::uint64_t>());
    run.took = std::chrono::milliseconds(*rc::gen::inRange(1, 20'000));
    std::mt19937_64 chance(*rc::gen::arbitrary<std::uint64_t>());
    run.verdict = [&](const Begun&) { return static_cast<ProbeVerdict>(chance() % 4); };
    const auto all = domains(12, interval);
    const auto steps = *rc::gen::inRange(1, 8);
    // The first domain stays throughout, so that its limits can be computed.
    for (int step = 0; step < steps; ++step) {
      std::vector<WatchedDomain> targets{all[0]};
      for (std::size_t i = 1; i < all.size(); ++i) {
        if (chance() % 2 == 0) targets.push_back(all[i]);
        if (chance() % 4 == 0) targets.back().selectors = selectors({"s1", "s2"});
      }
      targets[0] = all[0];
      run.schedule.replace(targets, run.now);
      run.until(run.now + std::chrono::milliseconds(chance() % 1'000'000));
      RC_ASSERT(run.schedule.size() == targets.size());
      RC_ASSERT(run.schedule.under_way() == run.under_way.size());
      RC_ASSERT(run.schedule.never_probed() <= targets.size());
    }
    RC_ASSERT_FALSE(run.overlapped);
    RC_ASSERT(run.most_under_way <= limits.most_at_once);
    const double intervals = std::chrono::duration<double>(run.now - start) / interval;
    const auto probes = static_cast<double>(run.of(all[0].domain).size());
    // The first one, one in each interval, those saved up, and one earned in each interval.
    RC_ASSERT(probes <= 2.0 + intervals / 0.9 + limits.most_early + intervals);
    RC_ASSERT(probes >= 1.0 || run.schedule.never_probed() > 0);
  }));
}

TEST_CASE("if no limit interferes, every domain is probed in each interval") {
  CHECK(rc::check([] {
    Run run({}, *rc::gen::arbitrary<std::uint64_t>());
    std::mt19937_64 chance(*rc::gen::arbitrary<std::uint64_t>());
    run.took = 10ms;
    run.verdict = [&](const Begun&) { return static_cast<ProbeVerdict>(chance() % 4); };
    const auto targets = domains(20, 100s);
    run.schedule.replace(targets, start);
    run.until(start + 2'000s);
    for (const WatchedDomain& target : targets) {
      const auto probes = run.of(target.domain);
      RC_ASSERT(probes.size() >= 20U);
      for (std::size_t i = 1; i < probes.size(); ++i) RC_ASSERT(probes[i].at - probes[i - 1].at <= 100s);
    }
  }));
}

TEST_CASE("the fit compares the load of all probes with the rate limit") {
  const ScheduleLimits
      limits;  // a full probe of 11 queries and 23 quick ones of 1, within 95% of the interval
  const double mean = (11.0 + 23.0) / 24.0;
  const auto fleet = [](std::size_t count, std::chrono::milliseconds interval, std::size_t per_domain) {
    std::vector<probe::TargetLoad> loads;
    for (std::size_t i = 0; i < count; ++i) {
      probe::TargetLoad& load = loads.emplace_back(probe::TargetLoad{1, interval, {}});
      for (std::size_t j = 0; j < per_domain; ++j)
        load.servers.push_back(server(fmt::format("192.0.2.{}", j + 1)));
    }
    return loads;
  };
  SECTION("a thousand domains on four servers, every five minutes") {
    const auto fit = probe::fits(fleet(1'000, 300s, 4), 5.0, limits);
    CHECK(fit.fits);
    CHECK(fit.queries_per_second == Approx(1'000 * mean / 285));
    CHECK(fit.shortest_interval == 299s);
  }
  SECTION("not every minute: but in the interval that is told") {
    const auto fit = probe::fits(fleet(1'000, 60s, 4), 5.0, limits);
    CHECK_FALSE(fit.fits);
    CHECK(fit.shortest_interval == 299s);
    CHECK(probe::fits(fleet(1'000, fit.shortest_interval, 4), 5.0, limits).fits);
    CHECK_FALSE(probe::fits(fleet(1'000, fit.shortest_interval - 1s, 4), 5.0, limits).fits);
  }
  SECTION("servers that are not known count as one") {
    CHECK_FALSE(probe::fits(fleet(1'000, 60s, 0), 5.0, limits).fits);
    CHECK(probe::fits(fleet(1'000, 300s, 0), 5.0, limits).busiest == std::nullopt);
  }
  SECTION("the busiest server decides") {
    auto loads = fleet(10, 60s, 1);
    loads[3].servers.push_back(server("192.0.2.77"));
    loads[3].selectors = 500;
    const auto fit = probe::fits(loads, 5.0, limits);
    CHECK_FALSE(fit.fits);
    CHECK(fit.busiest.has_value());
  }
  SECTION("without a pace everything fits") {
    CHECK(probe::fits(fleet(100'000, 10s, 1), 0.0, limits).fits);
  }
  SECTION("nobody") {
    CHECK(probe::fits({}, 5.0, limits).fits);
  }
}

}  // namespace dkimprobe::tests
