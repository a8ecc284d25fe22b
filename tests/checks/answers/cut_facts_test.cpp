#include "checks/answers/cut_facts.hpp"

#include <fmt/format.h>

#include "checks/answers/chain_answers.hpp"
#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
namespace config = dkimprobe::config;
namespace probe = dkimprobe::probe;

namespace {

constexpr std::size_t servers_per_zone = 8;

config::DomainName name(const std::string& text) {
  return config::DomainName::parse(text).value();
}

config::ServerAddress address(std::size_t zone, std::size_t server) {
  return {config::Address::parse(fmt::format("192.0.{}.{}", zone, server + 1)).value(), 53};
}

std::string nameserver(std::size_t zone, std::size_t server) {
  return fmt::format("ns{}.zone{}.example", server % 2, zone);
}

/// Zones one below the other, half of the servers of each referring to the one half of the next, and half to
/// the other.
probe::Hop divided(std::size_t cuts) {
  probe::Hop hop;
  std::string apex = "example";
  for (std::size_t at = 0; at < cuts; ++at) {
    probe::ZoneCut cut;
    cut.parent = name(apex);
    apex = "a." + apex;
    cut.apex = name(apex);
    for (std::size_t half = 0; half < 2; ++half)
      cut.referrals.push_back({{{cut.apex, name(nameserver(at + 1, half)), 60}}, {}, {}});
    for (std::size_t server = 0; server < servers_per_zone; ++server) {
      probe::ParentAnswer parent;
      parent.names = {name(nameserver(at, server))};
      parent.address = address(at, server);
      parent.answer = probe::CutAnswer::refers;
      parent.referral = server / 4;
      cut.parents.push_back(parent);
    }
    hop.delegation.cuts.push_back(cut);
  }
  hop.owner = name("s._domainkey." + apex);
  hop.delegation.zone = name(apex);
  for (std::size_t server = 0; server < servers_per_zone; ++server) {
    probe::ServerObservation observed;
    observed.names = {name(nameserver(cuts, server))};
    observed.address = address(cuts, server);
    probe::Exchange exchange;
    exchange.question_name = hop.owner;
    exchange.outcome = probe::Outcome::answered;
    exchange.response.emplace();
    exchange.response->authoritative = true;
    probe::TxtRecord record;
    record.strings = {fmt::format("key {}", server % 2)};
    exchange.response->txt.push_back(record);
    observed.exchanges.push_back(exchange);
    hop.servers.push_back(observed);
  }
  return hop;
}

}  // namespace

TEST_CASE("servers that disagree at many cuts are each followed only once") {
  // By one way after the other these would be 8 to the 40th.
  const probe::Chain chain{.hops = {divided(40)}};
  const auto answers = checks::read_answers(chain);
  const auto& cuts = answers.hops.front().cuts;
  REQUIRE(cuts.size() == 40);
  for (const checks::CutFacts& cut : cuts) {
    REQUIRE(cut.groups.size() == 2);
    REQUIRE(cut.answers.size() == servers_per_zone);
  }
  // Each half of the last zone has one key; any server above it leads to both halves of the zone below.
  CHECK(cuts.back().groups[0].answers.size() == 1);
  CHECK(cuts.back().groups[0].answers != cuts.back().groups[1].answers);
  CHECK(cuts.front().groups[0].answers.size() == 2);
}
