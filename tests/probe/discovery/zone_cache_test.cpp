#include "probe/discovery/zone_cache.hpp"

#include "tests/catch.hpp"
#include "tests/probe/discovery/delegation_walk_world.hpp"

namespace dkimprobe::tests {
namespace {

using probe::DiscoveryOutcome;
using probe::HostOutcome;
using probe::KnownZone;
using probe::ZoneCache;
using std::chrono::seconds;

const probe::MonotonicTime start{std::chrono::hours{1000}};

KnownZone known(std::string_view apex, seconds life) {
  KnownZone zone;
  zone.cut.apex = name_of(apex);
  zone.until = ZoneCache::end_of_life(life, start);
  return zone;
}

KnownZone dead(std::string_view apex, seconds life, DiscoveryOutcome outcome = DiscoveryOutcome::no_servers) {
  KnownZone zone = known(apex, life);
  zone.outcome = outcome;
  return zone;
}

}  // namespace

TEST_CASE("a full table drops the least recently used entry") {
  probe::RecentTable<int, int> table(2);
  table.put(1, 10);
  table.put(2, 20);
  REQUIRE(table.find(1) != nullptr);
  table.put(3, 30);
  CHECK(table.size() == 2);
  CHECK(table.find(2) == nullptr);
  CHECK(*table.find(1) == 10);
  table.put(3, 31);
  CHECK(table.size() == 2);
  CHECK(*table.find(3) == 31);
  table.erase(3);
  table.erase(3);
  CHECK(table.size() == 1);

  probe::RecentTable<int, int> nothing(0);
  nothing.put(1, 1);
  CHECK(nothing.find(1) == nullptr);
}

TEST_CASE("no entry lives longer than a week or shorter than a probe needs") {
  CHECK(ZoneCache::end_of_life(seconds{0}, start) == start + ZoneCache::shortest_life);
  CHECK(ZoneCache::end_of_life(seconds{172'800}, start) == start + seconds{172'800});
  CHECK(ZoneCache::end_of_life(seconds::max(), start) == start + seconds{604'800});
  CHECK(ZoneCache::end_of_life(seconds{300}, start) == start + seconds{300});
}

TEST_CASE("what a zone answered about itself may expire before the referral to it") {
  ZoneCache cache;
  KnownZone zone = known("example.com", seconds{3600});
  zone.cut.parent_ns.push_back({name_of("example.com"), name_of("ns1.example.com"), 3600});
  zone.cut.child_ns.push_back({name_of("example.com"), name_of("ns2.example.com"), 60});
  zone.answers = true;
  zone.nameservers.resize(2);
  zone.nameservers[0].name = name_of("ns1.example.com");
  zone.nameservers[0].in_parent = true;
  zone.nameservers[0].glue = {address_of("45.1.1.1")};
  zone.nameservers[0].addresses = {address_of("45.1.1.1")};
  zone.nameservers[0].host = HostOutcome::found;
  zone.nameservers[1].name = name_of("ns2.example.com");
  zone.nameservers[1].in_child = true;
  zone.outcome = DiscoveryOutcome::complete;
  cache.put_zone(zone, seconds{60}, start);

  const auto whole = cache.zone(name_of("EXAMPLE.com"), start + seconds{59});
  REQUIRE(whole);
  CHECK(whole->outcome == DiscoveryOutcome::complete);
  CHECK(whole->nameservers.size() == 2);

  // A walk that only passes through does not replace it.
  cache.put_zone(known("example.com", seconds{3600}), seconds{0}, start + seconds{10});
  CHECK(cache.zone(name_of("example.com"), start + seconds{59})->outcome);

  const auto referral = cache.zone(name_of("example.com"), start + seconds{60});
  REQUIRE(referral);
  CHECK_FALSE(referral->outcome);
  CHECK(referral->cut.child_ns.empty());
  REQUIRE(referral->nameservers.size() == 1);
  CHECK(referral->nameservers[0].glue.size() == 1);
  CHECK(referral->nameservers[0].addresses.empty());
  CHECK(referral->nameservers[0].host == HostOutcome::unknown);

  CHECK_FALSE(cache.zone(name_of("example.com"), start + seconds{3600}));
  CHECK_FALSE(cache.zone(name_of("com"), start));
}

TEST_CASE("a dead zone expires with its outcome, so that the parent is asked again") {
  ZoneCache cache;
  cache.put_zone(dead("example.com", seconds{86'400}), ZoneCache::failure_life, start);
  CHECK(cache.zone(name_of("example.com"), start + seconds{29})->is_dead());
  CHECK_FALSE(cache.zone(name_of("example.com"), start + seconds{30}));
}

TEST_CASE("the referral to a dead zone may be kept longer than its outcome") {
  ZoneCache cache{{.dead_zone_life = seconds{600}}};
  KnownZone zone = dead("example.com", seconds{86'400});
  zone.parents_asked = true;
  cache.put_zone(zone, ZoneCache::failure_life, start);
  const auto later = cache.zone(name_of("example.com"), start + seconds{599});
  REQUIRE(later);
  CHECK_FALSE(later->outcome);
  CHECK(later->parents_asked);
  CHECK_FALSE(cache.zone(name_of("example.com"), start + seconds{600}));

  cache.put_zone(dead("example.net", seconds{60}), ZoneCache::failure_life, start);
  CHECK_FALSE(cache.zone(name_of("example.net"), start + seconds{60}));
}

TEST_CASE("a walk that ran out of time does not shorten the life of the referral") {
  ZoneCache cache;
  cache.put_zone(dead("example.com", seconds{86'400}, DiscoveryOutcome::budget_exhausted),
                 ZoneCache::failure_life, start);
  CHECK(cache.zone(name_of("example.com"), start + seconds{29})->is_dead());
  REQUIRE(cache.zone(name_of("example.com"), start + seconds{86'399}));
  CHECK_FALSE(cache.zone(name_of("example.com"), start + seconds{86'399})->outcome);
}

TEST_CASE("names without a cut are cached by zone and for a short time") {
  ZoneCache cache;
  const auto name = name_of("_domainkey.example.com");
  cache.put_no_cut(name, name_of("example.com"), {true}, seconds{3600}, start);
  REQUIRE(cache.no_cut(name, name_of("example.com"), start + seconds{59}));
  CHECK(cache.no_cut(name, name_of("example.com"), start)->denied);
  CHECK_FALSE(cache.no_cut(name, name_of("com"), start));
  CHECK_FALSE(cache.no_cut(name, name_of("example.com"), start + seconds{60}));
}

TEST_CASE("hosts, servers and routes are cached for a limited time") {
  ZoneCache cache;
  cache.put_host(name_of("ns.example"), {HostOutcome::found, {address_of("45.1.1.1")}}, seconds{100}, start);
  CHECK(cache.host(name_of("ns.example"), start + seconds{99})->addresses.size() == 1);
  CHECK_FALSE(cache.host(name_of("ns.example"), start + seconds{100}));

  const config::ServerAddress server{address_of("45.1.1.1"), 53};
  CHECK(cache.server(server, start) == probe::ServerState::unknown);
  cache.put_server(server, probe::ServerState::silent, start);
  CHECK(cache.server(server, start + seconds{29}) == probe::ServerState::silent);
  CHECK(cache.server(server, start + seconds{30}) == probe::ServerState::unknown);

  cache.put_no_route(config::Family::ipv6, start);
  CHECK_FALSE(cache.has_route(config::Family::ipv6, start + seconds{2}));
  CHECK(cache.has_route(config::Family::ipv4, start));
  CHECK(cache.has_route(config::Family::ipv6, start + seconds{3}));
}

}  // namespace dkimprobe::tests
