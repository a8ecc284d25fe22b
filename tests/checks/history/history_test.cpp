// How looks become a history: spans, who left, and what keeps it small.
#include "checks/history/history.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include "checks/history/safe_times.hpp"
#include "tests/catch.hpp"
#include "tests/checks/observation_vector.hpp"
#include "tests/checks/record/record_vector.hpp"

namespace checks = dkimprobe::checks;
namespace probe = dkimprobe::probe;
namespace tests = dkimprobe::tests;
using checks::PublishedKind;
using nlohmann::json;
using std::chrono::seconds;

namespace {

constexpr probe::WallTime start{seconds{1'767'225'600}};

probe::Observation at(probe::Observation observation, int time) {
  observation.observed_at = start + seconds{time};
  observation.took = {};
  return observation;
}

probe::Observation sample_probe(json vector, int time) {
  vector["about"] = "";
  vector["findings"] = json::array();
  return at(tests::read_observation(vector).observation, time);
}

json server(int number, json record) {
  const std::string text = std::to_string(number);
  return {
      {"server", "192.0.2." + text}, {"name", "ns" + text + ".example.com"}, {"record", std::move(record)}};
}

/// The observations of all vectors: whatever the other tests know of servers.
const std::vector<probe::Observation>& all_probes() {
  static const auto probes = [] {
    std::vector<probe::Observation> loaded;
    const std::filesystem::path folder = DKIMPROBE_VECTORS;
    for (const char* kind : {"servers", "zones"}) {
      for (const auto& file : tests::vector_files(folder / kind))
        loaded.push_back(tests::load_observation(file).observation);
    }
    for (const auto& file : tests::vector_files(folder / "records"))
      loaded.push_back(tests::load_record(file).observed.observation);
    std::erase_if(loaded, [](const probe::Observation& each) {
      return each.domain.to_string() != "example.com" || each.selector.to_string() != "s1";
    });
    return loaded;
  }();
  return probes;
}

bool same(const checks::SelectorHistory& a, const checks::SelectorHistory& b) {
  const auto same_periods = [](const auto& x, const auto& y) {
    return x.first_seen == y.first_seen && x.last_seen == y.last_seen;
  };
  return a.first_probe == b.first_probe && a.last_probe == b.last_probe &&
         std::ranges::equal(
             a.servers, b.servers,
             [&](const auto& x, const auto& y) {
               return x.owner == y.owner && x.server == y.server &&
                      std::ranges::equal(x.periods, y.periods, [&](const auto& p, const auto& q) {
                        return same_periods(p, q) && p.same_answer(q) && p.ttl_seconds == q.ttl_seconds;
                      });
             }) &&
         std::ranges::equal(a.past.zones, b.past.zones, [&](const auto& x, const auto& y) {
           return x.apex == y.apex && std::ranges::equal(x.periods, y.periods, same_periods);
         });
}

}  // namespace

TEST_CASE("equal observations only extend the period, and a change begins a new one") {
  checks::SelectorHistory history;
  checks::extend(history, sample_probe({{"record", {{"rcode", "nxdomain"}}}}, 0));
  checks::extend(history, sample_probe({{"record", {{"rcode", "nxdomain"}}}}, 60));
  checks::extend(history, sample_probe({{"record", {{"txt", "key"}, {"ttl", 300}}}}, 120));
  checks::extend(history, sample_probe({{"record", {{"txt", "key"}, {"ttl", 60}}}}, 180));
  REQUIRE(history.servers.size() == 2);
  for (const auto& timeline : history.servers) {
    REQUIRE(timeline.periods.size() == 3);
    CHECK(timeline.periods[0].kind == PublishedKind::nxdomain);
    CHECK(timeline.periods[0].ttl_seconds == 3'600);
    CHECK(timeline.periods[0].last_seen == start + seconds{60});
    CHECK(timeline.periods[1].kind == PublishedKind::texts);
    CHECK(timeline.periods[1].first_seen == start + seconds{120});
    CHECK(timeline.periods[2].ttl_seconds == 60);
  }
  CHECK(history.first_probe == start);
  CHECK(history.last_probe == start + seconds{180});
  // An earlier look, and one at another selector, change nothing.
  const auto before = history;
  checks::extend(history, sample_probe({{"record", {{"rcode", "nxdomain"}}}}, 100));
  checks::extend(history, sample_probe({{"selector", "s2"}}, 500));
  CHECK(same(before, history));
}

TEST_CASE("the time of a probe is that of its end") {
  checks::SelectorHistory history;
  auto slow = sample_probe(json::object(), 0);
  slow.took = std::chrono::microseconds{2'000'001};
  checks::extend(history, slow);
  CHECK(history.last_probe == start + std::chrono::milliseconds{2'001});
}

TEST_CASE("a server that the zone no longer names has left, one that was not looked up has not") {
  const json both = json::array({server(1, {{"txt", "key"}}), server(2, {{"txt", "key"}})});
  const json one = json::array({server(1, {{"txt", "key"}})});
  for (const bool whole : {true, false}) {
    checks::SelectorHistory history;
    checks::extend(history, sample_probe({{"servers", both}}, 0));
    json second{{"servers", one}};
    if (!whole) second["delegation"] = {{"cut_off", json::array({"ns2.example.com"})}};
    checks::extend(history, sample_probe(second, 60));
    REQUIRE(history.servers.size() == 2);
    const auto& last = history.servers[1].periods.back();
    CHECK((last.kind == PublishedKind::left) == whole);
    CHECK(last.last_seen == start + seconds{whole ? 60 : 0});
  }
}

TEST_CASE("a nameserver counts as never seen until an address of it is known") {
  const json one = json::array({server(1, {{"txt", "key"}})});
  const json both = json::array({server(1, {{"txt", "key"}}), server(2, {{"txt", "key"}})});
  const json lost{{"nameservers", json::array({{{"name", "ns2.example.com"}, {"host", "unknown"}}})}};
  for (const json& delegation : {lost, json{{"cut_off", json::array({"ns2.example.com"})}}}) {
    checks::SelectorHistory history;
    checks::extend(history, sample_probe({{"servers", one}, {"delegation", delegation}}, 0));
    const checks::NewKey new_key{.never_used = true};
    const auto verdict = checks::safe_to_sign(history, new_key, {}, {}, start + seconds{1});
    CHECK(verdict.safe.readiness == checks::Readiness::unknown);
    REQUIRE(verdict.servers.size() == 2);
    CHECK(verdict.servers[1].server.name == "ns2.example.com");
    CHECK_FALSE(verdict.servers[1].server.has_address());
    CHECK(checks::gone(history, "another", {}, start + std::chrono::hours{48}).gone.readiness ==
          checks::Readiness::unknown);

    checks::extend(history, sample_probe({{"servers", both}}, 60));
    REQUIRE(history.servers.size() == 2);
    CHECK(history.servers[1].server.has_address());
    CHECK(checks::safe_to_sign(history, new_key, {}, {}, start + seconds{61}).safe.readiness ==
          checks::Readiness::ready);
    // Where its address is known, its own line tells that it was not seen.
    checks::extend(history, sample_probe({{"servers", one}, {"delegation", delegation}}, 120));
    CHECK(history.servers.size() == 2);
  }
}

TEST_CASE("a server address has not left when its family could not be looked up") {
  const json both = {{{"server", "192.0.2.1"}, {"name", "ns1.example.com"}, {"record", {{"txt", "key"}}}},
                     {{"server", "2001:db8::1"}, {"name", "ns1.example.com"}, {"record", {{"txt", "key"}}}}};
  const json one = json::array({both[0]});
  for (const bool is_told : {true, false}) {
    checks::SelectorHistory history;
    checks::extend(history, sample_probe({{"servers", both}}, 0));
    json second = {{"servers", one}};
    if (!is_told)
      second["delegation"]["nameservers"] =
          json::array({{{"name", "ns1.example.com"}, {"ipv6_unknown", true}}});
    checks::extend(history, sample_probe(second, 60));
    REQUIRE(history.servers.size() == 2);
    CHECK((history.servers[1].periods.back().kind == PublishedKind::left) == is_told);
    CHECK(history.servers[1].periods.back().last_seen == start + seconds{is_told ? 60 : 0});
  }
}

TEST_CASE(
    "the target of an alias leaves when the alias is removed, not when the servers with the alias are "
    "silent") {
  const json with_target{{"record", {{"cname", "s1.example.net"}}},
                         {"hops", {{{"owner", "s1.example.net"}, {"zone", "example.net"}}}}};
  checks::SelectorHistory history;
  checks::extend(history, sample_probe(with_target, 0));
  REQUIRE(history.servers.size() == 4);
  checks::extend(history, sample_probe({{"record", "timed_out"}}, 60));
  CHECK(history.servers[2].periods.back().kind == PublishedKind::texts);
  checks::extend(history, sample_probe({{"record", {{"txt", "key"}}}}, 120));
  CHECK(history.servers[2].periods.back().kind == PublishedKind::left);
  checks::extend(history, sample_probe(with_target, 180));
  CHECK(history.servers[2].periods.back().kind == PublishedKind::texts);
  CHECK(history.servers[2].periods.size() == 3);
}

TEST_CASE("the history of zones records new and removed cuts") {
  checks::SelectorHistory history;
  checks::extend(history, sample_probe(json::object(), 0));
  json below{{"zone", "_domainkey.example.com"},
             {"delegation", {{"cuts", json::array({{{"apex", "example.com"}}})}}}};
  checks::extend(history, sample_probe(below, 60));
  REQUIRE(history.past.zones.size() == 2);
  CHECK(history.past.zones[1].apex.to_string() == "_domainkey.example.com");
  CHECK(history.past.zones[1].periods.back().ttl_seconds() == 86'400);
  checks::extend(history, sample_probe(json::object(), 120));
  REQUIRE(history.past.zones[1].periods.size() == 2);
  CHECK(history.past.zones[1].periods.back().parent.empty());
  CHECK(history.past.zones[1].periods.back().child.empty());
}

TEST_CASE("a zone keeps its nameservers when it is not asked for them again") {
  checks::SelectorHistory history;
  auto first = sample_probe(json::object(), 0);
  REQUIRE_FALSE(first.key.hops.front().delegation.cuts.empty());
  auto& cut = first.key.hops.front().delegation.cuts.front();
  REQUIRE_FALSE(cut.parent_ns.empty());
  cut.child_ns = cut.parent_ns;
  checks::extend(history, first);
  const auto before = history.past.zones;
  auto again = sample_probe(json::object(), 60);
  for (auto& hop : again.key.hops) {
    hop.delegation.cuts.front().child_ns.clear();
    for (auto& server : hop.servers) {
      std::erase_if(server.exchanges,
                    [](const auto& exchange) { return exchange.purpose == probe::Purpose::zone_ns; });
    }
  }
  checks::extend(history, again);
  REQUIRE(history.past.zones.size() == before.size());
  CHECK_FALSE(before.front().periods.back().child.empty());
  CHECK(history.past.zones.front().periods.size() == 1);
  CHECK(history.past.zones.front().periods.back().child == before.front().periods.back().child);
}

TEST_CASE("a server whose TTLs count down cannot fill the history, and its longest TTL is kept") {
  checks::SelectorHistory history;
  for (int time = 0; time < 1'000; ++time) {
    checks::extend(history, sample_probe({{"record", {{"txt", "key"}, {"ttl", 86'400 - time % 700}}}}, time));
  }
  for (const auto& timeline : history.servers) {
    CHECK(timeline.periods.size() <= checks::longest_timeline);
    CHECK(std::ranges::max(timeline.periods, {}, &checks::AnswerPeriod::ttl_seconds).ttl_seconds == 86'400);
    CHECK(timeline.periods.front().first_seen == start);
    CHECK(timeline.periods.back().last_seen == start + seconds{999});
  }
}

TEST_CASE("a server that changes its answer each time cannot fill the history") {
  checks::SelectorHistory history;
  for (int time = 0; time < 300; ++time) {
    const std::string text = std::to_string(time) + std::string(2'000, 'x');
    checks::extend(
        history, sample_probe({{"servers", json::array({server(1, {{"txt", json::array({text})}})})}}, time));
  }
  const auto& periods = history.servers.front().periods;
  std::size_t bytes = 0;
  for (const auto& period : periods) {
    for (const auto& strings : period.texts) {
      for (const auto& string : strings) bytes += string.size();
    }
  }
  CHECK(bytes <= checks::largest_timeline_bytes + 20 * 2'010);
  CHECK(periods.back().last_seen == start + seconds{299});
  // What went into one counts as an answer that nobody knows for right.
  CHECK(periods.front().kind == PublishedKind::unknown);
  CHECK(periods.front().ttl_seconds == 3'600);
}

TEST_CASE("a key whose answer the history no longer holds is not gone before its TTL is over") {
  checks::SelectorHistory history;
  const auto probe = [&](json record, int time) {
    checks::extend(history, sample_probe({{"servers", json::array({server(1, std::move(record))})}}, time));
  };
  probe({{"txt", "key"}, {"ttl", 86'400}}, 0);
  for (int time = 1; time < 300; ++time) {
    const std::string text = std::to_string(time) + std::string(2'000, 'x');
    probe({{"txt", json::array({text})}, {"ttl", 60}}, time);
  }
  const checks::AnswerPeriod& oldest = history.servers.front().periods.front();
  REQUIRE(oldest.is_incomplete);
  REQUIRE(oldest.texts.size() < 16);
  const auto verdict = checks::gone(history, std::nullopt, {}, start + seconds{300});
  REQUIRE(verdict.gone.at);
  CHECK(*verdict.gone.at >= oldest.last_seen + seconds{86'400});
}

TEST_CASE("many servers that change their answers each time cannot fill the history") {
  checks::SelectorHistory history;
  const auto text_bytes = [&] {
    std::size_t bytes = 0;
    for (const auto& timeline : history.servers) {
      for (const auto& period : timeline.periods) {
        for (const auto& strings : period.texts) {
          for (const auto& string : strings) bytes += string.size() + sizeof string;
        }
      }
    }
    return bytes;
  };
  for (int time = 0; time < 60; ++time) {
    json servers = json::array();
    for (int i = 1; i <= 32; ++i) {
      const std::string text = fmt::format("{} {} {}", time, i, std::string(8'000, 'x'));
      servers.push_back(server(i, {{"txt", json::array({text})}}));
    }
    checks::extend(history, sample_probe({{"servers", servers}}, time));
    CHECK(text_bytes() <= checks::largest_history_bytes);
  }
  REQUIRE(history.servers.size() == 32);
  for (const auto& timeline : history.servers) {
    CHECK(timeline.periods.back().kind == checks::PublishedKind::texts);
    // Any key may have been among the answers that are no longer kept.
    CHECK(timeline.periods.front().kind == checks::PublishedKind::unknown);
    CHECK(timeline.periods.front().is_incomplete);
    CHECK(timeline.periods.front().first_seen == start);
  }
}

TEST_CASE("nameservers that change with each probe cannot fill the history") {
  checks::SelectorHistory history;
  for (int time = 0; time < 600; ++time) {
    json servers = json::array();
    for (int i = 0; i < 2; ++i) {
      const std::string number = std::to_string(time * 2 + i);
      servers.push_back(
          {{"server", "198.18." + std::to_string(time % 256) + "." + std::to_string(time / 256 * 2 + i)},
           {"name", "ns" + number + ".example.com"}});
    }
    checks::extend(history, sample_probe({{"servers", servers}}, time));
  }
  CHECK(history.servers.size() == checks::most_timelines);
  CHECK(std::ranges::count_if(history.servers, [](const auto& timeline) {
          return timeline.periods.back().kind != PublishedKind::left;
        }) == 2);
}

TEST_CASE("a quick probe updates the records of servers, but not the zones") {
  bool any_zone = false;
  for (const auto& seen : all_probes()) {
    checks::SelectorHistory history;
    checks::extend(history, at(seen, 0));
    const auto before = history;
    auto light = at(seen, 100);
    light.is_quick = true;
    checks::extend(history, light);
    CHECK(history.last_probe == start + seconds{100});
    REQUIRE(history.past.zones.size() == before.past.zones.size());
    for (std::size_t i = 0; i < history.past.zones.size(); ++i) {
      any_zone = true;
      CHECK(history.past.zones[i].periods.back().last_seen == start);
    }
    REQUIRE(history.servers.size() == before.servers.size());
    for (std::size_t i = 0; i < history.servers.size(); ++i) {
      CHECK(history.servers[i].lag == before.servers[i].lag);
      CHECK(history.servers[i].periods.back().last_seen == start + seconds{100});
    }
  }
  CHECK(any_zone);
}

TEST_CASE("times ahead of the clock are moved back to just before now, in their order") {
  checks::SelectorHistory history;
  for (const int second : {0, 900, 1'800, 2'700}) {
    const json answer =
        second % 1'800 == 0 ? json{{"rcode", "nxdomain"}} : json{{"txt", "key"}, {"ttl", 300}};
    checks::extend(history, sample_probe({{"record", answer}}, second));
  }
  const auto moments = [&] {
    std::vector<probe::WallTime> all{*history.first_probe, *history.last_probe};
    for (const auto& timeline : history.servers) {
      for (const auto& period : timeline.periods)
        all.insert(all.end(), {period.first_seen, period.last_seen});
    }
    return all;
  };
  const auto before = moments();
  checks::set_back(history, start + seconds{1'000});
  const auto after = moments();
  REQUIRE(before.size() == after.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    CHECK(after[i] < start + seconds{1'000});
    CHECK(after[i] <= before[i]);
    if (before[i] <= start + seconds{900}) CHECK(after[i] == before[i]);
    for (std::size_t j = 0; j < after.size(); ++j) CHECK((after[i] < after[j]) == (before[i] < before[j]));
  }
}

TEST_CASE("any sequence of probes makes a consistent history, and a repeated probe changes nothing") {
  CHECK(rc::check([] {
    checks::SelectorHistory history;
    const auto count = *rc::gen::inRange(1, 12);
    int time = 0;
    for (int i = 0; i < count; ++i) {
      const auto& probes = all_probes();
      auto next = at(probes[*rc::gen::inRange<std::size_t>(0, probes.size())], time);
      next.key.outcome = static_cast<probe::ChainOutcome>(*rc::gen::inRange(0, 4));
      for (auto& hop : next.key.hops) {
        if (*rc::gen::inRange(0, 4) == 0)
          hop.delegation.outcome = static_cast<probe::DiscoveryOutcome>(*rc::gen::inRange(0, 6));
      }
      time += *rc::gen::inRange(1, 10'000);
      checks::extend(history, next);
      const auto once = history;
      checks::extend(history, next);
      RC_ASSERT(same(once, history));
      // A span follows the other, and neighbours differ.
      for (const auto& timeline : history.servers) {
        RC_ASSERT(!timeline.periods.empty());
        for (std::size_t n = 1; n < timeline.periods.size(); ++n) {
          RC_ASSERT(timeline.periods[n - 1].last_seen < timeline.periods[n].first_seen);
        }
      }
    }
    // Whatever it is, the questions about it have an answer, and its times have reasons.
    const auto verdict = checks::safe_to_sign(history, {}, {}, {}, *history.last_probe);
    const auto gone = checks::gone(history, std::nullopt, {}, *history.last_probe);
    for (const auto* safe : {&verdict.safe, &gone.gone}) {
      const bool has_time =
          safe->readiness == checks::Readiness::ready || safe->readiness == checks::Readiness::wait;
      RC_ASSERT(safe->at.has_value() == has_time);
      if (has_time)
        RC_ASSERT((*safe->at <= *history.last_probe) == (safe->readiness == checks::Readiness::ready));
      if (has_time) {
        RC_ASSERT(!safe->reasons.empty());
        RC_ASSERT(safe->reasons.front().until == safe->at);
      }
    }
  }));
}
