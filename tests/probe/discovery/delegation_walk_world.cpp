#include "tests/probe/discovery/delegation_walk_world.hpp"

#include <algorithm>
#include <charconv>
#include <queue>
#include <sstream>
#include <stdexcept>
#include <tuple>

#include <fmt/format.h>

#include "config/names/special_purpose.hpp"

namespace dkimprobe::tests {

using config::Address;
using config::DomainName;
using probe::Exchange;
using probe::Outcome;
using probe::Rcode;
using probe::RecordType;
using probe::Response;
using std::chrono::milliseconds;

DomainName name_of(std::string_view text) {
  auto name = DomainName::parse(text);
  if (!name) throw std::runtime_error(fmt::format("not a name: {}", text));
  return *name;
}

Address address_of(std::string_view text) {
  auto address = Address::parse(text);
  if (!address) throw std::runtime_error(fmt::format("not an address: {}", text));
  return *address;
}

void World::add_record(const std::string& zone, std::string_view text) {
  if (const std::size_t open = text.find('{'); open != std::string_view::npos) {
    const std::size_t dots = text.find("..", open);
    const std::size_t close = text.find('}', open);
    if (dots > close || close == std::string_view::npos) throw std::runtime_error(std::string(text));
    unsigned first = 0;
    unsigned last = 0;
    std::from_chars(text.data() + open + 1, text.data() + dots, first);
    std::from_chars(text.data() + dots + 2, text.data() + close, last);
    for (unsigned number = first; number <= last; ++number) {
      add_record(zone, fmt::format("{}{}{}", text.substr(0, open), number, text.substr(close + 1)));
    }
    return;
  }
  std::istringstream words{std::string(text)};
  std::string owner;
  std::string type;
  std::string data;
  std::uint32_t ttl = 3600;
  words >> owner >> type;
  if (!type.empty() && type.front() >= '0' && type.front() <= '9') {
    ttl = static_cast<std::uint32_t>(std::stoul(type));
    words >> type;
  }
  words >> data;
  FakeZone& into = zones.at(zone);
  if (type == "NS") {
    into.ns.push_back({name_of(owner), name_of(data), ttl});
  } else if (type == "A" || type == "AAAA") {
    into.addresses.push_back({name_of(owner), address_of(data), ttl});
  } else if (type == "CNAME") {
    into.aliases.push_back({name_of(owner), name_of(data), ttl, false});
  } else if (type == "TXT") {
    into.texts.emplace(name_of(owner), data);
  } else {
    throw std::runtime_error(fmt::format("no such record: {}", text));
  }
}

namespace {

probe::SoaRecord soa(const DomainName& apex) {
  probe::SoaRecord record;
  record.owner = apex;
  record.minimum_seconds = 300;
  record.ttl_seconds = 300;
  return record;
}

void add_glue(const FakeZone& zone, const std::vector<probe::NsRecord>& set, Response& response) {
  for (const probe::NsRecord& record : set) {
    for (const probe::AddressRecord& address : zone.addresses) {
      if (address.owner == record.target) response.glue.push_back(address);
    }
  }
}

Response answer_from(const FakeZone& zone, const DomainName& name, RecordType type, Fault fault) {
  Response response;
  // A cut on the path: the highest one counts.
  for (std::size_t labels = zone.apex.label_count() + 1; labels <= name.label_count(); ++labels) {
    const DomainName cut = name.suffix(labels);
    std::copy_if(zone.ns.begin(), zone.ns.end(), std::back_inserter(response.referral),
                 [&](const probe::NsRecord& record) { return record.owner == cut; });
    if (response.referral.empty()) continue;
    response.authoritative = fault == Fault::aa_on_referrals;
    add_glue(zone, response.referral, response);
    return response;
  }
  response.authoritative = fault != Fault::no_authority;
  bool exists = name == zone.apex;
  bool below = false;
  const auto see = [&](const DomainName& owner) {
    exists |= owner == name;
    below |= owner.is_at_or_below(name);
  };
  for (const auto& record : zone.aliases) {
    see(record.owner);
    if (record.owner == name) response.aliases.push_back(record);
  }
  for (const auto& record : zone.ns) {
    see(record.owner);
    if (record.owner == name && type == RecordType::ns) response.ns.push_back(record);
  }
  for (const auto& record : zone.addresses) {
    see(record.owner);
    const RecordType its = record.address.family() == config::Family::ipv4 ? RecordType::a : RecordType::aaaa;
    if (record.owner == name && type == its) response.addresses.push_back(record);
  }
  for (const auto& [owner, text] : zone.texts) see(owner);
  if (type == RecordType::soa && name == zone.apex) {
    response.soa.push_back(soa(zone.apex));
    response.soa.back().in_answer = true;
    return response;
  }
  add_glue(zone, response.ns, response);
  if (response.ns.empty() && response.addresses.empty() && response.aliases.empty()) {
    response.soa.push_back(soa(zone.apex));
    if (!exists && (!below || fault == Fault::denies_between)) response.rcode = Rcode::nxdomain;
  }
  return response;
}

}  // namespace

/// What a resolver returns from all zones.
Response World::from_cache(const probe::WalkQuestion& question) const {
  const FakeZone* deepest = nullptr;
  for (const auto& [key, zone] : zones) {
    if (question.name.is_at_or_below(zone.apex) &&
        (deepest == nullptr || zone.apex.label_count() > deepest->apex.label_count())) {
      deepest = &zone;
    }
  }
  const std::uint32_t age =
      asked_of_caches_[fmt::format("{} {} {}", question.server.to_string(), question.name.to_string(),
                                   static_cast<unsigned>(question.type))]++;
  Response response = answer_from(*deepest, question.name, question.type, Fault::none);
  for (auto& record : response.ns) record.ttl_seconds -= age;
  for (auto& record : response.addresses) record.ttl_seconds -= age;
  for (auto& record : response.soa) record.ttl_seconds -= age;
  response.recursion_available = true;
  return response;
}

const FakeZone* World::zone_at(const Address& server, const DomainName& name) const {
  const auto found = servers.find(server);
  if (found == servers.end()) return nullptr;  // nobody lives there
  const FakeZone* zone = nullptr;
  for (const std::string& key : found->second.zones) {
    const FakeZone& candidate = zones.at(key);
    if (name.is_at_or_below(candidate.apex) &&
        (zone == nullptr || candidate.apex.label_count() > zone->apex.label_count())) {
      zone = &candidate;
    }
  }
  return zone;
}

Exchange World::ask(const probe::WalkQuestion& question) const {
  Exchange exchange;
  exchange.purpose = question.purpose;
  exchange.question_name = question.name;
  exchange.question_type = question.type;
  const auto found = servers.find(question.server.ip);
  if (found == servers.end()) return exchange;  // nobody lives there
  const FakeServer& server = found->second;
  const FakeZone* const zone = zone_at(question.server.ip, question.name);
  exchange.outcome = Outcome::answered;
  Response response;
  response.rcode = Rcode::refused;
  if (zone != nullptr) response = answer_from(*zone, question.name, question.type, server.fault);
  if (server.is_minimal && response.referral.empty()) response.glue.clear();
  if (server.servfail_for.contains(question.name) ||
      (question.type == RecordType::aaaa && server.servfail_for_aaaa.contains(question.name))) {
    response = {};
    response.rcode = Rcode::servfail;
  }
  const auto refer_to = [&](const DomainName& owner) {
    response = {};
    response.referral.push_back({owner, name_of("ns.elsewhere.example"), 3600});
  };
  switch (server.fault) {
    case Fault::none:
    case Fault::no_authority:
    case Fault::denies_between:
    case Fault::aa_on_referrals:
      break;
    case Fault::silent:
      exchange.outcome = Outcome::timed_out;
      return exchange;
    case Fault::malformed:
      exchange.outcome = Outcome::malformed;
      return exchange;
    case Fault::unreachable:
      exchange.outcome = Outcome::unreachable;
      return exchange;
    case Fault::local_error:
      exchange.outcome = Outcome::local_error;
      return exchange;
    case Fault::refused:
      response = {};
      response.rcode = Rcode::refused;
      break;
    case Fault::servfail:
      response = {};
      response.rcode = Rcode::servfail;
      break;
    case Fault::upward:
      refer_to(DomainName{});
      break;
    case Fault::self:
      refer_to(question.zone);
      break;
    case Fault::sideways_referral:
      refer_to(question.zone.child("beside").value_or(DomainName{}));
      break;
    case Fault::offers_recursion:
      response.recursion_available = true;
      break;
    case Fault::refuses_without_rd:
      response = {};
      response.rcode = Rcode::refused;
      response.recursion_available = true;
      break;
    case Fault::resolver:
    case Fault::resolver_with_authority:
    case Fault::resolver_in_disguise:
      response = from_cache(question);
      response.authoritative = server.fault != Fault::resolver;
      response.recursion_available = server.fault != Fault::resolver_in_disguise;
      break;
    case Fault::truncates:
      response = {};
      response.authoritative = true;
      response.truncated = true;
      break;
    case Fault::poisons:
      for (const char* victim : {"ns1.example.net", "ns1.victim.example"}) {
        response.glue.push_back({name_of(victim), address_of("6.6.6.6"), 86'400});
      }
      response.referral.push_back({name_of("victim.example"), name_of("ns1.evil.example"), 86'400});
      response.ns.push_back({name_of("victim.example"), name_of("ns1.evil.example"), 86'400});
      response.addresses.push_back({name_of("ns1.victim.example"), address_of("6.6.6.6"), 86'400});
      break;
  }
  exchange.response = std::move(response);
  return exchange;
}

WalkRecord drive(const DomainName& target, const config::ProbeSettings& settings, probe::ZoneCache& cache,
                 probe::MonotonicTime start, const Answerer& answer, probe::RegistryUse use) {
  struct Event {
    probe::MonotonicTime at{};
    std::uint32_t ticket = 0;
    Exchange exchange{};
  };
  const auto later = [](const Event& a, const Event& b) {
    return std::tie(a.at, a.ticket) > std::tie(b.at, b.ticket);
  };
  std::priority_queue<Event, std::vector<Event>, decltype(later)> under_way(later);
  WalkRecord record;
  probe::MonotonicTime now = start;
  probe::DelegationWalk walk(target, settings, cache, use, now);
  while (!walk.done()) {
    for (auto& question : walk.next(now)) {
      Exchange exchange = answer(question);
      milliseconds took = question.first_wait * ((1U << question.attempts) - 1U);
      if (exchange.outcome == Outcome::answered) took = std::min(took, milliseconds{10});
      if (exchange.outcome == Outcome::no_route || exchange.outcome == Outcome::local_error)
        took = milliseconds{0};
      under_way.push({now + took, question.ticket, std::move(exchange)});
      record.asked.push_back(std::move(question));
    }
    record.most_under_way = std::max(record.most_under_way, under_way.size());
    if (walk.done()) break;
    if (under_way.empty() && walk.wake() >= start + settings.budgets.discovery_timeout)
      throw std::runtime_error("the walk waits for nothing");
    if (under_way.empty() || walk.wake() < under_way.top().at) {
      now = walk.wake();
      continue;
    }
    now = under_way.top().at;
    walk.finished(under_way.top().ticket, under_way.top().exchange, now);
    under_way.pop();
  }
  record.took = std::chrono::duration_cast<milliseconds>(now - start);
  record.delegation = walk.take_result();
  return record;
}

namespace {

probe::Purpose purpose_of(RecordType type) {
  if (type == RecordType::ns) return probe::Purpose::cut;
  return type == RecordType::soa ? probe::Purpose::zone_soa : probe::Purpose::host_address;
}

}  // namespace

std::vector<std::string> breaches(const DomainName& target, const config::ProbeSettings& settings,
                                  const WalkRecord& record, std::set<DomainName>& hosts) {
  std::vector<std::string> found;
  const auto breach = [&](const probe::WalkQuestion& question, std::string_view what) {
    found.push_back(fmt::format("{} {} of {} as server of {}: {}", question.name.to_string(),
                                static_cast<unsigned>(question.type), question.server.to_string(),
                                question.zone.to_string(), what));
  };
  for (const auto& entry : record.delegation.exchanges) {
    if (!entry.exchange.response) continue;
    for (const auto& ns : entry.exchange.response->referral) hosts.insert(ns.target);
    for (const auto& ns : entry.exchange.response->ns) hosts.insert(ns.target);
  }
  for (const auto& server : record.delegation.nameservers) hosts.insert(server.name);
  std::set<std::uint32_t> tickets;
  for (const auto& question : record.asked) {
    if (!tickets.insert(question.ticket).second) breach(question, "a ticket came twice");
    if (question.first_wait != settings.initial_timeout || question.attempts < 1 ||
        question.attempts > settings.attempts) {
      breach(question, "waits out of bounds");
    }
    // These reveal no name: see probe/discovery/interception.hpp.
    const bool of_watch = question.type == RecordType::soa && question.name.is_root() &&
                          question.purpose == probe::Purpose::zone_soa;
    if (!of_watch && !question.name.is_at_or_below(question.zone))
      breach(question, "asked of a server that cannot know");
    if (!config::special_purpose(question.server.ip).empty() &&
        std::none_of(settings.allowed_networks.begin(), settings.allowed_networks.end(),
                     [&](const auto& network) { return network.contains(question.server.ip); })) {
      breach(question, "an address that is refused");
    }
    if (question.server.ip.family() == config::Family::ipv4 ? !settings.use_ipv4 : !settings.use_ipv6) {
      breach(question, "a family that is disabled");
    }
    if (of_watch) continue;
    const bool of_target = target.is_at_or_below(question.name);
    const bool of_host = std::any_of(hosts.begin(), hosts.end(), [&](const DomainName& host) {
      return question.type == RecordType::ns ? host.is_at_or_below(question.name) : host == question.name;
    });
    const bool of_apex = question.type == RecordType::soa && question.name == question.zone;
    if (question.type == RecordType::ns ? !of_target && !of_host : !of_host && !of_apex)
      breach(question, "not on any way");
    if (question.purpose != purpose_of(question.type)) breach(question, "a wrong purpose");
    if (question.zone.is_root() && question.type == RecordType::ns && !of_host &&
        question.name.label_count() > 1)
      breach(question, "more than a top-level domain at the root");
  }
  // Each surveyed zone has its own budget.
  if (record.asked.size() > (2 + settings.budgets.discovery_depth) * settings.budgets.queries_per_zone)
    found.emplace_back("too many questions");
  if (record.took > settings.budgets.discovery_timeout) found.emplace_back("too long");
  if (!record.delegation.zone.is_root() &&
      record.delegation.nameservers.size() > settings.budgets.nameservers_per_zone) {
    found.emplace_back("too many nameservers");
  }
  if (record.delegation.cuts.empty() || !(record.delegation.cuts.back().apex == record.delegation.zone)) {
    found.emplace_back("the last cut is not the zone");
  }
  if (!target.is_at_or_below(record.delegation.zone)) found.emplace_back("the zone cannot hold the target");
  for (const auto& name : record.delegation.nameservers_cut_off) {
    for (const auto& server : record.delegation.nameservers) {
      if (server.name == name) found.push_back(name.to_string() + " is cut off and is not");
    }
  }
  return found;
}

}  // namespace dkimprobe::tests
