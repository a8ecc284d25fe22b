// Random internets and servers that answer at random: every walk ends within its budgets and obeys the rules.
#include <algorithm>

#include <rapidcheck.h>

#include "probe/discovery/delegation_walk.hpp"
#include "tests/catch.hpp"
#include "tests/probe/discovery/delegation_walk_world.hpp"
#include "tests/probe/draw.hpp"

namespace dkimprobe::tests {
namespace {

using probe::DelegationWalk;
using probe::Exchange;
using probe::Outcome;
using probe::Rcode;
using probe::RecordType;

std::vector<config::DomainName> names(std::initializer_list<std::string_view> texts) {
  std::vector<config::DomainName> made;
  for (const std::string_view text : texts) made.push_back(name_of(text));
  return made;
}

const std::vector<config::DomainName>& targets() {
  static const auto list =
      names({"s1._domainkey.example.com", "_adsp._domainkey.example.com", "s1._domainkey.a.b",
             "x.dkim.provider.net", "s.t._domainkey.deep.down.in.example.com"});
  return list;
}

const std::vector<config::DomainName>& hosts() {
  static const auto list =
      names({"ns1.example.com", "ns2.example.com", "ns1.provider.net", "ns2.provider.net", "ns.a", "ns.b",
             "ns.a.b", "ns.b.a", "example.com", "ns.deep.down.in.example.com", "ns1._domainkey.example.com",
             "ns.com", "net"});
  return list;
}

const std::vector<config::Address>& addresses() {
  static const std::vector<config::Address> list{
      address_of("198.41.0.4"), address_of("192.5.6.30"), address_of("45.1.1.1"),  address_of("45.1.1.2"),
      address_of("2a00::1"),    address_of("2a00::2"),    address_of("127.0.0.1"), address_of("10.1.1.1"),
      address_of("fe80::1"),    address_of("224.0.0.1")};
  return list;
}

probe::NsRecord random_ns(Draw& draw, config::DomainName owner) {
  // Sometimes a new name, for endless fan-outs.
  config::DomainName host = draw.of(hosts());
  if (draw.chance(30)) {
    host = host.child("n" + std::to_string(draw.below(100'000))).value_or(host);
  }
  return {std::move(owner), std::move(host), static_cast<std::uint32_t>(draw.below(200'000))};
}

/// A nonsensical answer that often has the form of a valid one.
Exchange hostile(Draw& draw, const probe::WalkQuestion& question) {
  Exchange exchange;
  exchange.question_name = question.name;
  exchange.question_type = question.type;
  exchange.purpose = question.purpose;
  if (draw.chance(10)) {
    constexpr Outcome outcomes[] = {
        Outcome::timed_out,        Outcome::malformed, Outcome::unreachable, Outcome::connection_refused,
        Outcome::connection_reset, Outcome::no_route,  Outcome::local_error, Outcome::interrupted};
    exchange.outcome = outcomes[draw.below(std::size(outcomes))];
    return exchange;
  }
  exchange.outcome = Outcome::answered;
  probe::Response response;
  response.authoritative = draw.chance(60);
  response.truncated = draw.chance(5);
  if (draw.chance(15)) response.rcode = Rcode::nxdomain;
  if (draw.chance(5)) response.rcode = Rcode::servfail;
  const auto near_question = [&]() -> config::DomainName {
    if (draw.chance(20)) return draw.of(hosts());
    return question.name.suffix(draw.below(question.name.label_count() + 1));
  };
  const std::size_t records = draw.chance(5) ? 60 : draw.below(4);
  switch (draw.below(5)) {
    case 0: {  // a referral
      const config::DomainName owner = near_question();
      response.authoritative = draw.chance(10);
      for (std::size_t i = 0; i <= records; ++i) response.referral.push_back(random_ns(draw, owner));
      for (const auto& ns : response.referral) {
        if (draw.chance(60)) response.glue.push_back({ns.target, draw.of(addresses()), 3600});
      }
      break;
    }
    case 1:  // an NS set
      for (std::size_t i = 0; i <= records; ++i) {
        response.ns.push_back(random_ns(draw, draw.chance(90) ? question.name : near_question()));
      }
      break;
    case 2:  // addresses
      for (std::size_t i = 0; i <= records; ++i) {
        response.addresses.push_back(
            {draw.chance(90) ? question.name : near_question(), draw.of(addresses()), 60});
      }
      break;
    case 3:  // an alias
      response.aliases.push_back({question.name, draw.of(hosts()), 60, draw.chance(20)});
      break;
    case 4:  // nothing
      if (draw.chance(80)) response.soa.push_back({});
      break;
  }
  exchange.response = std::move(response);
  return exchange;
}

config::ProbeSettings random_settings(Draw& draw) {
  config::ProbeSettings settings;
  for (const char* address : {"198.41.0.4", "2a00::1"}) {
    settings.root_servers.push_back({name_of("a.root"), address_of(address), {}});
  }
  settings.use_ipv6 = draw.chance(70);
  if (draw.chance(20)) settings.allowed_networks.push_back(config::Network::parse("127.0.0.0/8").value());
  if (draw.chance(20)) settings.budgets.queries_per_zone = static_cast<std::uint32_t>(1 + draw.below(30));
  if (draw.chance(20)) settings.budgets.discovery_depth = static_cast<std::uint32_t>(draw.below(4));
  if (draw.chance(20)) settings.budgets.unresolvable_nameservers = static_cast<std::uint32_t>(draw.below(4));
  if (draw.chance(20)) settings.budgets.nameservers_per_zone = static_cast<std::uint32_t>(draw.below(4));
  return settings;
}

/// Nested zones and servers for them, some with a fault.
World random_world(Draw& draw) {
  World world;
  const auto apexes = names({".", "com", "net", "a", "b", "a.b", "b.a", "example.com", "provider.net",
                             "_domainkey.example.com", "in.example.com", "dkim.provider.net"});
  std::vector<std::string> keys;
  for (const auto& apex : apexes) {
    if (!apex.is_root() && draw.chance(15)) continue;
    keys.push_back(apex.to_string());
    world.zones[keys.back()].apex = apex;
  }
  for (const auto& key : keys) {
    FakeZone& zone = world.zones[key];
    for (const auto& host : hosts()) {
      if (host.is_at_or_below(zone.apex) && draw.chance(80)) {
        zone.addresses.push_back({host, draw.of(addresses()), 3600});
      }
    }
    for (const auto& other : keys) {
      const FakeZone& child = world.zones.at(other);
      if (!child.apex.is_at_or_below(zone.apex) || draw.chance(10)) continue;
      const std::size_t servers = 1 + draw.below(3);
      for (std::size_t i = 0; i < servers; ++i) zone.ns.push_back({child.apex, draw.of(hosts()), 3600});
    }
    for (const auto& target : targets()) {
      if (target.is_at_or_below(zone.apex)) zone.texts.emplace(target, "x");
    }
  }
  for (const auto& address : addresses()) {
    FakeServer& server = world.servers[address];
    for (const auto& key : keys) {
      if (draw.chance(40)) server.zones.push_back(key);
    }
    if (draw.chance(30))
      server.fault = static_cast<Fault>(draw.below(static_cast<std::size_t>(Fault::poisons) + 1));
  }
  for (const char* root : {"198.41.0.4", "2a00::1"}) {
    auto& zones = world.servers[address_of(root)].zones;
    if (std::find(zones.begin(), zones.end(), ".") == zones.end()) zones.emplace_back(".");
  }
  return world;
}

void walk_three_times(Draw& draw, const Answerer& answer) {
  const config::ProbeSettings settings = random_settings(draw);
  probe::ZoneCache cache;
  std::set<config::DomainName> met;
  probe::MonotonicTime start{std::chrono::hours{1000}};
  for (int i = 0; i < 3; ++i) {
    const config::DomainName target = draw.of(targets());
    const WalkRecord record = drive(target, settings, cache, start, answer);
    const auto found = breaches(target, settings, record, met);
    if (!found.empty()) RC_FAIL(found.front());
    start += record.took + std::chrono::seconds{draw.below(120)};
  }
}

}  // namespace

TEST_CASE("walks end and obey the rules, whatever servers answer") {
  CHECK(rc::check("hostile answers", [](std::uint64_t seed) {
    Draw draw(seed);
    walk_three_times(draw, [&](const probe::WalkQuestion& question) { return hostile(draw, question); });
  }));
}

TEST_CASE("walks end and obey the rules in random internets") {
  CHECK(rc::check("random worlds", [](std::uint64_t seed) {
    Draw draw(seed);
    const World world = random_world(draw);
    walk_three_times(draw, [&](const probe::WalkQuestion& question) { return world.ask(question); });
  }));
}

}  // namespace dkimprobe::tests
