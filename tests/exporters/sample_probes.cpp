#include "tests/exporters/sample_probes.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace dkimprobe::tests {
namespace {

using config::DomainName;
using namespace std::chrono;

DomainName name(const std::string& text) {
  return DomainName::parse(text).value();
}

probe::Exchange exchange(const DomainName& owner, const DomainName& zone, const Said& said) {
  probe::Exchange exchange;
  exchange.question_name = owner;
  if (said.silent) return exchange;
  exchange.outcome = probe::Outcome::answered;
  probe::Response& response = exchange.response.emplace();
  response.rcode = said.rcode;
  response.authoritative = said.rcode == probe::Rcode::noerror || said.rcode == probe::Rcode::nxdomain;
  for (const auto& strings : said.texts) response.txt.push_back({said.ttl_seconds, strings});
  if (said.alias) response.aliases.push_back({owner, name(*said.alias), said.ttl_seconds, false});
  if (said.texts.empty() && !said.alias && response.authoritative) {
    probe::SoaRecord soa;
    soa.owner = zone;
    soa.serial = said.serial;
    soa.minimum_seconds = soa.ttl_seconds = said.ttl_seconds;
    response.soa.push_back(soa);
  }
  return exchange;
}

}  // namespace

probe::WallTime at_second(std::int64_t second) {
  return probe::WallTime(sys_days{year{2026} / 1 / 1} + seconds{second});
}

probe::Hop hop(const std::string& owner, const std::string& zone, const std::vector<Said>& said,
               const std::vector<int>& nameservers) {
  probe::Hop hop;
  hop.owner = name(owner);
  hop.delegation.zone = name(zone);
  probe::ZoneCut& cut = hop.delegation.cuts.emplace_back();
  cut.apex = hop.delegation.zone;
  cut.parent_ns_ttl_seconds = cut.child_ns_ttl_seconds = 86'400;
  const auto host = [&](int server) { return name(fmt::format("ns{}.{}", server, zone)); };
  std::vector<int> numbers = nameservers;
  for (const auto& each : said) {
    if (nameservers.empty()) numbers.push_back(each.server);
    probe::ServerObservation& server = hop.servers.emplace_back();
    server.names = {host(each.server)};
    server.address.ip = config::Address::parse(fmt::format("192.0.2.{}", each.server)).value();
    server.exchanges.push_back(exchange(hop.owner, hop.delegation.zone, each));
  }
  for (const int server : numbers) {
    cut.parent_ns.push_back({cut.apex, host(server), 86'400});
    cut.child_ns.push_back({cut.apex, host(server), 86'400});
    hop.delegation.nameservers.push_back({host(server), true, true, probe::HostOutcome::found, {}, {}});
  }
  return hop;
}

probe::Observation sample_probe(const std::string& domain, const std::string& selector, probe::WallTime time,
                                const std::vector<Said>& said, const std::vector<int>& nameservers) {
  probe::Observation observation;
  observation.domain = name(domain);
  observation.selector = config::Selector::parse(selector).value();
  observation.observed_at = time;
  observation.key.hops.push_back(
      hop(observation.selector.owner_name(observation.domain)->to_string(), domain, said, nameservers));
  return observation;
}

}  // namespace dkimprobe::tests
