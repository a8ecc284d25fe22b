// Complete probes over scripted sockets and scripted nameservers: what is asked, what is gathered, and that a
// probe ends exactly once, whatever happens and whenever it is interrupted.
#include "probe/collection/domain_probe.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "probe/collection/evidence_memory.hpp"
#include "tests/catch.hpp"
#include "tests/probe/scripted_nameserver.hpp"
#include "tests/probe/transport/scripted_sockets.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using config::Address;
using config::DomainName;
using config::ServerAddress;
using probe::Chain;
using probe::ChainOutcome;
using probe::DiscoveryOutcome;
using probe::Exchange;
using probe::Observation;
using probe::Outcome;
using probe::Purpose;
using probe::RecordType;
using probe::ServerObservation;

DomainName name(std::string_view text) {
  return DomainName::parse(text).value();
}

ServerAddress at(std::string_view ip, std::uint16_t port = 53) {
  return {Address::parse(ip).value(), port};
}

/// An internet of scripted nameservers, and successive probes in it.
struct Scene {
  Scene() {
    settings.root_servers = {{name("a.root"), Address::parse("192.0.2.200").value(), {}}};
    settings.allowed_networks = {config::Network::parse("192.0.2.0/24").value()};
    add("192.0.2.200",
        {". SOA a.root", ". NS a.root", "com NS a.tld", "net NS a.tld", "a.tld A 192.0.2.201"});
    add("192.0.2.201",
        {"com SOA a.tld", "net SOA a.tld", "com NS a.tld", "net NS a.tld", "example.com NS ns1.example.com",
         "example.com NS ns2.example.com", "ns1.example.com A 192.0.2.1", "ns2.example.com A 192.0.2.2",
         "provider.net NS ns.provider.net", "ns.provider.net A 192.0.2.11", "other.net NS ns.other.net",
         "ns.other.net A 192.0.2.12"});
    for (const auto* ip : {"192.0.2.1", "192.0.2.2"}) {
      add(ip,
          {"example.com SOA ns1.example.com", "example.com NS ns1.example.com",
           "example.com NS ns2.example.com", "ns1.example.com A 192.0.2.1", "ns2.example.com A 192.0.2.2"});
    }
    add("192.0.2.11", {"provider.net SOA ns.provider.net", "provider.net NS ns.provider.net",
                       "ns.provider.net A 192.0.2.11"});
    add("192.0.2.12",
        {"other.net SOA ns.other.net", "other.net NS ns.other.net", "ns.other.net A 192.0.2.12"});
  }

  void add(std::string_view ip, const std::vector<std::string>& records) {
    for (const std::string& record : records) nameservers[at(ip)].add(record);
  }
  void on_both(const std::string& record) {
    add("192.0.2.1", {record});
    add("192.0.2.2", {record});
  }
  void pin() {
    for (const auto* ip : {"192.0.2.1", "192.0.2.2"}) {
      settings.pinned_servers.push_back(
          {name(fmt::format("ns{}.example.com", ip[8])), Address::parse(ip).value(), {}});
    }
  }

  void begin(const std::vector<std::string>& selectors = {"s1"}) {
    if (!servers) {
      servers.emplace(settings);
      turns.emplace(engine, *servers);
    }
    std::vector<config::Selector> parsed;
    for (const std::string& selector : selectors) parsed.push_back(config::Selector::parse(selector).value());
    finished = 0;
    observations.clear();
    began = sockets.now();
    probe = std::make_unique<probe::DomainProbe>(
        probe::ProbeContext{settings, engine, zones, *servers, *turns, random}, name("example.com"), parsed,
        probe::WallTime{}, [this](std::vector<Observation> seen) {
          ++finished;
          observations = std::move(seen);
        });
    probe->start();
  }

  /// The next event: an answer arrives, or time passes until the engine wakes; false when nothing more will
  /// happen.
  bool step() {
    sockets.end_turn();
    if (const auto due = on_its_way.begin();
        due != on_its_way.end() &&
        (due->first <= sockets.now() || !sockets.next_wake() || due->first <= *sockets.next_wake())) {
      const Delayed arrives = std::move(due->second);
      if (due->first > sockets.now())
        sockets.advance(std::chrono::ceil<std::chrono::microseconds>(due->first - sockets.now()));
      on_its_way.erase(due);
      if (sockets.datagram(arrives.sent.socket, arrives.sent.to, arrives.answer)) ++arrived;
      return true;
    }
    while (next_datagram < sockets.datagrams.size()) {
      const ScriptedSockets::Sent sent = sockets.datagrams[next_datagram++];
      if (lost && lost(sent)) continue;
      const auto answer = nameservers[sent.to].answer(sent.octets);
      if (const auto slow = delays.find(sent.to); answer && slow != delays.end()) {
        on_its_way.emplace(sent.at + slow->second, Delayed{sent, *answer});
        return true;
      }
      if (answer && sockets.datagram(sent.socket, sent.to, *answer)) return true;
    }
    while (next_connection < sockets.connections.size()) {
      const ScriptedSockets::Sent connection = sockets.connections[next_connection++];
      if (nameservers[connection.to].silent || !sockets.connected(connection.socket)) continue;
      const Bytes& framed_query = sockets.written[connection.socket];
      const auto answer = nameservers[connection.to].answer({framed_query.begin() + 2, framed_query.end()});
      sockets.stream_octets(connection.socket, framed(answer.value()));
      return true;
    }
    if (!sockets.next_wake()) return false;
    sockets.advance(
        std::max(0us, std::chrono::ceil<std::chrono::microseconds>(*sockets.next_wake() - sockets.now())));
    return true;
  }

  /// Runs the probe to its end; returns the number of steps.
  std::size_t finish() {
    std::size_t steps = 0;
    while (finished == 0) {
      ++steps;
      if (!step()) FAIL("the round never ends");
      if (steps > 100'000) FAIL("the round goes on and on");
    }
    took = sockets.now() - began;
    return steps;
  }

  /// Checks that nothing is left after a probe except draining sockets.
  void check_nothing_left() {
    const std::size_t sent = sockets.datagrams.size() + sockets.connections.size();
    for (int i = 0; i < 1'000 && step(); ++i) continue;
    sockets.advance(60s);
    CHECK(finished <= 1);
    CHECK(sockets.open.empty());
    CHECK_FALSE(sockets.next_wake());
    CHECK(sockets.datagrams.size() + sockets.connections.size() == sent);
  }

  [[nodiscard]] std::size_t asked(std::string_view ip, std::string_view owner, RecordType type) const {
    return static_cast<std::size_t>(
        std::count_if(sockets.datagrams.begin(), sockets.datagrams.end(), [&](const auto& sent) {
          const AskedQuestion question = question_of(sent.octets);
          return sent.to == at(ip) && question.name == name(owner) && question.type == type;
        }));
  }

  struct Delayed {
    ScriptedSockets::Sent sent{};
    Bytes answer{};
  };

  config::ProbeSettings settings{};
  std::map<ServerAddress, ScriptedNameserver> nameservers{};
  std::map<ServerAddress, std::chrono::milliseconds> delays{};  ///< of answers over UDP
  std::multimap<probe::MonotonicTime, Delayed> on_its_way{};
  std::function<bool(const ScriptedSockets::Sent&)> lost{};
  std::size_t arrived = 0;  ///< delayed answers that still found their socket
  ScriptedSockets sockets{};
  probe::QueryEngine engine{sockets, probe::one_use_sockets};
  probe::ZoneCache zones{};
  std::optional<probe::ServerMemories> servers{};
  std::optional<probe::Turns> turns{};
  probe::RandomBits random{};
  std::vector<Observation> observations{};
  int finished = 0;
  std::size_t next_datagram = 0;
  std::size_t next_connection = 0;
  probe::MonotonicTime began{};
  std::chrono::nanoseconds took{0};
  std::unique_ptr<probe::DomainProbe> probe{};
};

std::size_t count(const ServerObservation& server, Purpose purpose) {
  return static_cast<std::size_t>(
      std::count_if(server.exchanges.begin(), server.exchanges.end(),
                    [&](const Exchange& exchange) { return exchange.purpose == purpose; }));
}

bool all_answered(const ServerObservation& server) {
  return std::all_of(server.exchanges.begin(), server.exchanges.end(),
                     [](const Exchange& exchange) { return exchange.outcome == Outcome::answered; });
}

std::vector<std::string> owners(const Chain& chain) {
  std::vector<std::string> names;
  for (const probe::Hop& hop : chain.hops) names.push_back(hop.owner.to_string());
  return names;
}

/// The number of datagrams in the observations of one probe. What selectors share counts once.
std::size_t datagrams_told(const std::vector<Observation>& observations) {
  using Place = std::pair<std::string, ServerAddress>;
  std::set<std::tuple<Place, Purpose, bool, DomainName, RecordType, int, std::chrono::microseconds>> told;
  const auto take = [&](const std::string& place, const ServerAddress& server, const Exchange& exchange) {
    if (exchange.bytes_sent == 0 || exchange.transport != probe::Transport::udp) return;
    told.insert({{place, server},
                 exchange.purpose,
                 exchange.edns_sent,
                 exchange.question_name,
                 exchange.question_type,
                 exchange.attempt,
                 exchange.started});
  };
  for (const Observation& seen : observations) {
    for (const Chain* chain : {&seen.key, &seen.adsp}) {
      for (const probe::Hop& hop : chain->hops) {
        const std::string place = chain->hops.front().owner.to_string() + ' ' + hop.owner.to_string();
        for (const probe::WalkExchange& walk : hop.delegation.exchanges)
          take(place, walk.server, walk.exchange);
        for (const ServerObservation& server : hop.servers) {
          for (const Exchange& exchange : server.exchanges) {
            const bool about_record = exchange.question_name == hop.owner;
            take(about_record ? place : "", server.address, exchange);
          }
        }
      }
    }
  }
  return told.size();
}

// ---- What is gathered ----

TEST_CASE("two selectors of a healthy domain share the answers about the zone") {
  Scene scene;
  scene.on_both("s1._domainkey.example.com TXT v=DKIM1; p=one");
  scene.on_both("s2._domainkey.example.com TXT v=DKIM1; p=two");
  scene.begin({"s1", "s2"});
  scene.finish();
  REQUIRE(scene.observations.size() == 2);
  for (const Observation& seen : scene.observations) {
    const std::string selector = seen.selector.to_string();
    CHECK(owners(seen.key) == std::vector<std::string>{selector + "._domainkey.example.com"});
    CHECK(owners(seen.adsp) == std::vector<std::string>{"_adsp._domainkey.example.com"});
    CHECK(seen.key.outcome == ChainOutcome::complete);
    const probe::Hop& hop = seen.key.hops.front();
    CHECK(hop.delegation.outcome == DiscoveryOutcome::complete);
    CHECK(hop.delegation.zone == name("example.com"));
    REQUIRE(hop.servers.size() == 2);
    for (const ServerObservation& server : hop.servers) {
      CHECK(all_answered(server));
      CHECK_FALSE(server.cut_short);
      for (const Purpose purpose :
           {Purpose::record_plain, Purpose::record_edns, Purpose::record_tcp, Purpose::zone_soa,
            Purpose::zone_ns, Purpose::wildcard_probe, Purpose::domainkey}) {
        CHECK(count(server, purpose) == 1);
      }
      CHECK(std::is_sorted(server.exchanges.begin(), server.exchanges.end(),
                           [](const Exchange& a, const Exchange& b) { return a.started < b.started; }));
    }
  }
  for (const auto* ip : {"192.0.2.1", "192.0.2.2"}) {
    CHECK(scene.asked(ip, "example.com", RecordType::soa) == 1);
    CHECK(scene.asked(ip, scene.observations[0].wildcard_name->to_string(), RecordType::txt) == 1);
    CHECK(scene.asked(ip, "_adsp._domainkey.example.com", RecordType::txt) == 1);
  }
  scene.check_nothing_left();
}

TEST_CASE("only the wildcard probe and the questions of the walk set DO=1") {
  Scene scene;
  scene.begin();
  scene.finish();
  std::size_t with_dnssec = 0;
  std::size_t ways_down = 0;
  for (const ScriptedSockets::Sent& sent : scene.sockets.datagrams) {
    const auto question = question_of(sent.octets);
    if (sent.octets[11] == 0) continue;  // without EDNS
    const std::size_t opt_flags_at = 12 + question.name.wire_size() + 4 + 7;
    const bool dnssec_ok = (sent.octets.at(opt_flags_at) & 0x80) != 0;
    const bool is_wildcard_probe = question.name == scene.observations.at(0).wildcard_name;
    if (question.type != RecordType::ns) CHECK(dnssec_ok == is_wildcard_probe);
    with_dnssec += dnssec_ok && is_wildcard_probe ? 1 : 0;
    ways_down += dnssec_ok && question.type == RecordType::ns ? 1 : 0;
  }
  CHECK(with_dnssec == 2);
  CHECK(ways_down > 6);
}

TEST_CASE("a name below _domainkey is sent to a server above the zone only in an NS query") {
  Scene scene;
  scene.begin();
  scene.finish();
  for (const ScriptedSockets::Sent& sent : scene.sockets.datagrams) {
    if (sent.to == at("192.0.2.1") || sent.to == at("192.0.2.2")) continue;
    CHECK_FALSE(question_of(sent.octets).name.has_domainkey_label());
  }
}

TEST_CASE("servers that disagree about an alias add one hop each, with the servers of its zone") {
  Scene scene;
  scene.add("192.0.2.1", {"s1._domainkey.example.com CNAME k.provider.net"});
  scene.add("192.0.2.2", {"s1._domainkey.example.com CNAME k.other.net"});
  scene.add("192.0.2.11", {"k.provider.net TXT v=DKIM1; p=one"});
  scene.add("192.0.2.12", {"k.other.net TXT v=DKIM1; p=two"});
  const bool pinned = GENERATE(false, true);
  if (pinned) scene.pin();
  scene.begin();
  scene.finish();
  const Chain& chain = scene.observations.at(0).key;
  CHECK(chain.outcome == ChainOutcome::complete);
  CHECK(owners(chain) ==
        std::vector<std::string>{"s1._domainkey.example.com", "k.provider.net", "k.other.net"});
  REQUIRE(chain.hops.size() == 3);
  CHECK((chain.hops[0].delegation.outcome == DiscoveryOutcome::pinned) == pinned);
  for (const std::size_t hop : {1U, 2U}) {
    CHECK(chain.hops[hop].delegation.outcome == DiscoveryOutcome::complete);
    REQUIRE(chain.hops[hop].servers.size() == 1);
    CHECK(all_answered(chain.hops[hop].servers[0]));
    CHECK(count(chain.hops[hop].servers[0], Purpose::wildcard_probe) == 0);
  }
  CHECK(chain.hops[1].servers[0].address == at("192.0.2.11"));
  CHECK(chain.hops[2].servers[0].address == at("192.0.2.12"));
  scene.check_nothing_left();
}

TEST_CASE("a DNAME above the name is followed like an alias") {
  Scene scene;
  scene.on_both("_domainkey.example.com DNAME keys.provider.net");
  scene.add("192.0.2.11", {"s1.keys.provider.net TXT v=DKIM1; p=one"});
  scene.begin();
  scene.finish();
  CHECK(owners(scene.observations.at(0).key) ==
        std::vector<std::string>{"s1._domainkey.example.com", "s1.keys.provider.net"});
  CHECK(owners(scene.observations.at(0).adsp).back() == "_adsp.keys.provider.net");
}

TEST_CASE("an alias from a server without authority is not followed") {
  Scene scene;
  scene.pin();
  scene.on_both("s1._domainkey.example.com CNAME k.provider.net");
  scene.nameservers[at("192.0.2.1")].lame = true;
  scene.nameservers[at("192.0.2.2")].lame = true;
  scene.begin();
  scene.finish();
  CHECK(scene.observations.at(0).key.hops.size() == 1);
}

TEST_CASE("an alias that points back is a loop") {
  Scene scene;
  const bool to_itself = GENERATE(true, false);
  if (to_itself) {
    scene.on_both("s1._domainkey.example.com CNAME S1._domainkey.example.com");
  } else {
    scene.on_both("s1._domainkey.example.com CNAME a.example.com");
    scene.on_both("a.example.com CNAME b.example.com");
    scene.on_both("b.example.com CNAME a.example.com");
  }
  scene.begin();
  scene.finish();
  CHECK(scene.observations.at(0).key.outcome == ChainOutcome::loop);
  CHECK(scene.observations.at(0).key.hops.size() == (to_itself ? 1 : 3));
  scene.check_nothing_left();
}

TEST_CASE("two alias paths to one name are not a loop") {
  Scene scene;
  scene.add("192.0.2.1", {"s1._domainkey.example.com CNAME a.example.com"});
  scene.add("192.0.2.2", {"s1._domainkey.example.com CNAME b.example.com"});
  scene.on_both("a.example.com CNAME b.example.com");
  scene.on_both("b.example.com TXT v=DKIM1; p=one");
  scene.begin();
  scene.finish();
  CHECK(scene.observations.at(0).key.outcome == ChainOutcome::complete);
  CHECK(scene.observations.at(0).key.hops.size() == 3);
}

TEST_CASE("a chain ends at its limit, and not before") {
  Scene scene;
  scene.settings.rate_per_second = 0;
  const unsigned steps = GENERATE(12U, 13U);
  scene.on_both("s1._domainkey.example.com CNAME c1.example.com");
  for (unsigned i = 1; i < steps; ++i) {
    scene.on_both(fmt::format("c{}.example.com CNAME c{}.example.com", i, i + 1));
  }
  scene.on_both(fmt::format("c{}.example.com TXT v=DKIM1; p=one", steps));
  scene.begin();
  scene.finish();
  const Chain& chain = scene.observations.at(0).key;
  CHECK(chain.hops.size() == 13);
  CHECK(chain.outcome == (steps == 12 ? ChainOutcome::complete : ChainOutcome::too_long));
}

TEST_CASE("a dead server costs its attempts only once, and each is recorded") {
  Scene scene;
  scene.on_both("s1._domainkey.example.com TXT v=DKIM1; p=one");
  scene.on_both("s2._domainkey.example.com TXT v=DKIM1; p=two");
  scene.pin();
  scene.nameservers[at("192.0.2.2")].silent = true;
  scene.begin({"s1"});
  scene.finish();
  // 400 + 800 + 1,600 ms with up to a tenth of jitter, or the one attempt over TCP; and the same before, for
  // the SOA query that precedes any name at a server named by the operator.
  CHECK(scene.took >= 5'600ms);
  CHECK(scene.took <= 6'500ms);
  const probe::Hop& hop = scene.observations.at(0).key.hops.at(0);
  REQUIRE(hop.servers.size() == 2);
  CHECK(all_answered(hop.servers[0]));
  const ServerObservation& dead = hop.servers[1];
  CHECK(count(dead, Purpose::record_plain) == 3);
  CHECK(count(dead, Purpose::record_edns) == 3);
  CHECK(count(dead, Purpose::record_tcp) == 1);
  CHECK(count(dead, Purpose::zone_soa) == 3);
  CHECK(dead.exchanges.size() == 10);
  CHECK(std::all_of(dead.exchanges.begin(), dead.exchanges.end(),
                    [](const Exchange& exchange) { return exchange.outcome == Outcome::timed_out; }));
  scene.check_nothing_left();
}

// ---- Late answers ----

const Exchange* answered_exchange(const ServerObservation& server, Purpose purpose) {
  for (const Exchange& exchange : server.exchanges) {
    if (exchange.purpose == purpose && exchange.response) return &exchange;
  }
  return nullptr;
}

TEST_CASE("a late answer to an earlier attempt counts, and supersedes the other attempts") {
  Scene scene;
  scene.on_both("s1._domainkey.example.com TXT v=DKIM1; p=one");
  scene.pin();
  scene.delays[at("192.0.2.2")] = 1'500ms;
  scene.begin();
  scene.finish();
  const ServerObservation& slow = scene.observations.at(0).key.hops.at(0).servers.at(1);
  for (const Purpose purpose : {Purpose::record_plain, Purpose::record_edns, Purpose::zone_soa,
                                Purpose::zone_ns, Purpose::wildcard_probe, Purpose::domainkey}) {
    INFO(static_cast<int>(purpose));
    const Exchange* const answer = answered_exchange(slow, purpose);
    REQUIRE(answer != nullptr);
    CHECK(answer->attempt == 1);
    CHECK(answer->took >= 1'500ms);
    CHECK(answer->took <= 1'510ms);
    // Attempts were sent at 0, 400 and 1,200 ms.
    CHECK(count(slow, purpose) == 3);
    for (const Exchange& exchange : slow.exchanges) {
      if (exchange.purpose != purpose || exchange.attempt == 1) continue;
      CHECK(exchange.outcome == Outcome::superseded);
      CHECK(exchange.bytes_sent > 0);
      CHECK_FALSE(exchange.response);
      CHECK(exchange.started + exchange.took <= answer->started + answer->took + 1ms);
    }
  }
  CHECK(datagrams_told(scene.observations) == scene.sockets.datagrams.size());
  // The silence of its first attempts did not lower its rate.
  CHECK(scene.servers->of(at("192.0.2.2"), scene.sockets.now()).rate.per_second() == 5.0);
  scene.check_nothing_left();
}

TEST_CASE("an answer counts until the sum of all waits is over") {
  Scene scene;
  scene.on_both("s1._domainkey.example.com TXT v=DKIM1; p=one");
  scene.pin();
  const bool in_time = GENERATE(true, false);
  scene.delays[at("192.0.2.2")] = in_time ? 2'790ms : 3'090ms;  // a tenth is jitter
  scene.begin();
  scene.finish();
  const ServerObservation& slow = scene.observations.at(0).key.hops.at(0).servers.at(1);
  CHECK((answered_exchange(slow, Purpose::record_plain) != nullptr) == in_time);
  scene.check_nothing_left();
}

TEST_CASE("an attempt after a lost one is answered, with its own round trip time") {
  Scene scene;
  scene.on_both("s1._domainkey.example.com TXT v=DKIM1; p=one");
  scene.pin();
  std::set<std::pair<ServerAddress, Bytes>> seen;
  scene.lost = [&](const ScriptedSockets::Sent& sent) {
    return seen.insert({sent.to, {sent.octets.begin() + 2, sent.octets.end()}}).second;
  };
  scene.begin({"s1"});
  scene.finish();
  for (const ServerObservation& server : scene.observations.at(0).key.hops.at(0).servers) {
    const Exchange* const answer = answered_exchange(server, Purpose::zone_ns);
    REQUIRE(answer != nullptr);
    CHECK(answer->attempt == 2);
    CHECK(answer->took < 10ms);
  }
}

TEST_CASE("top-level servers that take 1.5 s for each answer are waited for") {
  Scene scene;
  scene.on_both("s1._domainkey.example.com TXT v=DKIM1; p=one");
  scene.delays[at("192.0.2.201")] = 1'500ms;
  scene.begin();
  scene.finish();
  const probe::Hop& hop = scene.observations.at(0).key.hops.at(0);
  CHECK(hop.delegation.outcome == DiscoveryOutcome::complete);
  REQUIRE(hop.servers.size() == 2);
  for (const ServerObservation& server : hop.servers)
    CHECK(answered_exchange(server, Purpose::record_plain) != nullptr);
  CHECK(std::any_of(hop.delegation.exchanges.begin(), hop.delegation.exchanges.end(), [](const auto& walked) {
    return walked.exchange.response && walked.exchange.took >= 1'500ms;
  }));
  CHECK(datagrams_told(scene.observations) == scene.sockets.datagrams.size());
  scene.check_nothing_left();
}

// ---- The rate limit ----

TEST_CASE("a zone that its servers refuse costs no waiting time") {
  Scene scene;
  scene.on_both("ok._domainkey.example.com TXT v=DKIM1; p=one");
  scene.on_both("lame._domainkey.example.com CNAME s1.k.lamezone.net");
  scene.add("192.0.2.201", {"lamezone.net NS ns1.example.com", "lamezone.net NS ns2.example.com"});
  scene.begin({"ok", "lame"});
  scene.finish();
  CHECK(scene.took < 2s);  // a few queries exceed the burst
  const probe::Hop& lame = scene.observations.at(1).key.hops.at(1);
  REQUIRE(lame.servers.size() == 2);
  for (const ServerObservation& server : lame.servers) {
    CHECK_FALSE(server.cut_short);
    const Exchange* const answer = answered_exchange(server, Purpose::record_plain);
    REQUIRE(answer != nullptr);
    CHECK(answer->response->rcode == probe::Rcode::refused);
    CHECK(scene.servers->of(server.address, scene.sockets.now()).rate.per_second() == 5.0);
  }
}

TEST_CASE("if the rate limit leaves too little time for many selectors, the time needed is reported") {
  Scene scene;
  scene.pin();
  std::vector<std::string> selectors;
  for (int i = 0; i < 40; ++i) {
    selectors.push_back(fmt::format("s{}", i));
    scene.on_both(fmt::format("s{}._domainkey.example.com TXT v=DKIM1; p=one", i));
  }
  scene.settings.budgets.domain_time = 9'000ms;
  scene.begin(selectors);
  scene.finish();
  REQUIRE(scene.observations.at(0).rate_shortage);
  const probe::RateShortage shortage = *scene.observations.at(0).rate_shortage;
  CHECK(shortage.selectors == 40);
  // Three queries for each selector; SOA, NS, the wildcard probe, `_domainkey` and ADSP.
  CHECK(shortage.queries == 125);
  CHECK(shortage.needed >= 21'300ms);
  CHECK(shortage.needed <= 21'500ms);
  // With the reported time, everything fits.
  scene.settings.budgets.domain_time = std::chrono::ceil<std::chrono::seconds>(shortage.needed);
  scene.servers.reset();
  scene.begin(selectors);
  scene.finish();
  CHECK_FALSE(scene.observations.at(0).rate_shortage);
  for (const Observation& seen : scene.observations) {
    for (const ServerObservation& server : seen.key.hops.at(0).servers) {
      CHECK_FALSE(server.cut_short);
      CHECK(all_answered(server));
    }
  }
}

TEST_CASE("time lost to silent servers is not reported as a rate shortage") {
  Scene scene;
  scene.pin();
  scene.settings.budgets.domain_time = 1'000ms;
  for (const auto* ip : {"192.0.2.1", "192.0.2.2"}) scene.nameservers[at(ip)].silent = true;
  scene.begin();
  scene.finish();
  CHECK_FALSE(scene.observations.at(0).rate_shortage);
  CHECK(scene.observations.at(0).key.hops.at(0).servers.at(0).cut_short);
}

// ---- Its end ----

TEST_CASE("the time limit ends a probe, and what was not seen is recorded") {
  Scene scene;
  scene.settings.budgets.domain_time = 1'000ms;
  const bool pinned = GENERATE(true, false);
  if (pinned) {
    scene.pin();
    scene.nameservers[at("192.0.2.2")].silent = true;
  } else {
    scene.nameservers[at("192.0.2.201")].silent = true;
  }
  scene.begin({"s1", "s2"});
  scene.finish();
  CHECK(scene.took >= 1'000ms);
  CHECK(scene.took <= 1'010ms);
  for (const Observation& seen : scene.observations) {
    const probe::Hop& hop = seen.key.hops.at(0);
    if (!pinned) {
      CHECK(hop.delegation.outcome == DiscoveryOutcome::budget_exhausted);
      continue;
    }
    CHECK_FALSE(hop.servers.at(0).cut_short);
    CHECK(hop.servers.at(1).cut_short);
  }
  scene.check_nothing_left();
}

TEST_CASE("a hostile fan of aliases costs bounded memory and time") {
  Scene scene;
  scene.settings.rate_per_second = 0;
  const std::string long_label(60, 'x');
  // Each hop's servers return different aliases, many at once.
  for (const auto* ip : {"192.0.2.1", "192.0.2.2"}) {
    scene.add(ip, {"example.com DNAME example.com"});
    for (int i = 0; i < 700; ++i) {
      scene.add(ip, {fmt::format("s1._domainkey.example.com CNAME {}{}{}.example.com", long_label.substr(3),
                                 i, ip[8])});
    }
  }
  scene.begin();
  scene.finish();
  const Chain& chain = scene.observations.at(0).key;
  CHECK(chain.hops.size() == 13);
  for (const probe::Hop& hop : chain.hops) {
    for (const ServerObservation& server : hop.servers) {
      for (const Exchange& exchange : server.exchanges) {
        if (exchange.response) CHECK(exchange.response->aliases.size() <= 64);
      }
    }
  }
}

TEST_CASE("a delegation to names of somebody else sends few queries there") {
  Scene scene;
  scene.settings.rate_per_second = 0;
  scene.nameservers[at("192.0.2.201")] = {};
  scene.add("192.0.2.201",
            {"com SOA a.tld", "net SOA a.tld", "com NS a.tld", "net NS a.tld", "victim.net NS ns1.victim.net",
             "victim.net NS ns2.victim.net", "ns1.victim.net A 192.0.2.51", "ns2.victim.net A 192.0.2.52"});
  for (const auto* ip : {"192.0.2.51", "192.0.2.52"})
    scene.add(
        ip, {"victim.net SOA ns1.victim.net", "victim.net NS ns1.victim.net", "victim.net NS ns2.victim.net",
             "ns1.victim.net A 192.0.2.51", "ns2.victim.net A 192.0.2.52"});
  for (int i = 0; i < 100; ++i) scene.add("192.0.2.201", {fmt::format("example.com NS x{}.victim.net", i)});
  scene.begin();
  scene.finish();
  const auto to_victim = std::ranges::count_if(scene.sockets.datagrams, [](const auto& sent) {
    return sent.to == at("192.0.2.51") || sent.to == at("192.0.2.52");
  });
  CHECK(to_victim > 0);
  CHECK(to_victim <= 22);
}

TEST_CASE("a chain of aliases asks a bounded number of addresses, in all and in one network") {
  Scene scene;
  scene.settings.rate_per_second = 0;
  const bool one_network = GENERATE(true, false);
  std::vector<std::string> addresses;
  for (int i = 0; i < 384; ++i)
    addresses.push_back(one_network && i < 250 ? fmt::format("8.8.8.{}", i)
                                               : fmt::format("9.{}.1.1", i % 250));
  for (int hop = 0; hop < 12; ++hop) {
    const std::string zone = fmt::format("z{}.net", hop);
    const std::string owner = hop == 0 ? "s1._domainkey.example.com" : fmt::format("s1.z{}.net", hop - 1);
    for (int i = 0; i < 16; ++i) {
      const std::string ns = fmt::format("ns{}.{}", i, zone);
      const std::string& ip = addresses[static_cast<std::size_t>(hop * 16 + i)];
      scene.add("192.0.2.201", {zone + " NS " + ns, ns + " A " + ip});
      scene.add(ip, {zone + " SOA ns0." + zone, zone + " NS " + ns,
                     fmt::format("s1.{} CNAME s1.z{}.net", zone, hop + 1)});
    }
    if (hop == 0) scene.on_both(owner + " CNAME s1.z0.net");
  }
  scene.begin();
  scene.finish();
  std::size_t all = 0;
  std::size_t in_network = 0;
  for (const probe::Hop& hop : scene.observations.at(0).key.hops) {
    for (const ServerObservation& server : hop.servers) {
      if (server.not_asked != probe::NotAsked::asked) continue;
      ++all;
      if (server.address.ip.to_string().starts_with("8.8.8.")) ++in_network;
    }
  }
  CHECK(all == (one_network ? 34U : 96U));
  CHECK(in_network == (one_network ? 32U : 0U));
}

TEST_CASE("a probe ends early when its answers take up too much memory, and says so") {
  Scene scene;
  scene.settings.rate_per_second = 0;
  // Each name is an alias for the next and has 31 texts of 250 octets.
  scene.settings.budgets.chain_steps = 150;
  scene.settings.budgets.addresses_per_zone = 256;
  for (int i = 0; i < 150; ++i) {
    const std::string owner = i == 0 ? "s1._domainkey.example.com" : fmt::format("n{}.example.com", i);
    for (const auto* ip : {"192.0.2.1", "192.0.2.2"}) {
      scene.add(ip, {fmt::format("{} CNAME n{}.example.com", owner, i + 1)});
      for (int text = 0; text < 31; ++text)
        scene.add(ip, {fmt::format("{} TXT {}{}", owner, text, std::string(240, 'x'))});
    }
  }
  scene.begin();
  scene.finish();
  std::size_t memory = 0;
  for (const Observation& seen : scene.observations) {
    CHECK(seen.size_exhausted);
    CHECK_FALSE(seen.rate_shortage);
    for (const Chain* chain : {&seen.key, &seen.adsp}) {
      for (const probe::Hop& hop : chain->hops) {
        for (const ServerObservation& server : hop.servers) {
          for (const Exchange& exchange : server.exchanges) memory += probe::memory_of(exchange);
        }
      }
    }
  }
  CHECK(memory > probe::most_memory(1) / 2);
  CHECK(memory < probe::most_memory(1) + probe::most_memory(1) / 4);
  scene.check_nothing_left();
}

TEST_CASE("when a walk's time ends, its open queries are recorded and its unsent ones stay unsent") {
  Scene scene;
  scene.settings.budgets.discovery_timeout = 300ms;
  const bool waits_for_rate_limit = GENERATE(false, true);
  if (waits_for_rate_limit) {
    scene.settings.rate_burst = 1;
    scene.settings.rate_per_second = 0.2;
  } else {
    scene.nameservers[at("192.0.2.201")].silent = true;
  }
  scene.begin();
  scene.finish();
  CHECK(scene.observations.at(0).key.hops.at(0).delegation.outcome == DiscoveryOutcome::budget_exhausted);
  CHECK(datagrams_told(scene.observations) == scene.sockets.datagrams.size());
  for (const auto& walk : scene.observations.at(0).key.hops.at(0).delegation.exchanges) {
    if (walk.exchange.bytes_sent > 0) CHECK(walk.exchange.started <= 310ms);
  }
  scene.check_nothing_left();
}

TEST_CASE("a rate limit that is too slow for the time does not affect the next probe") {
  Scene scene;
  scene.pin();
  scene.on_both("s1._domainkey.example.com TXT v=DKIM1; p=one");
  scene.settings.rate_burst = 2;
  scene.settings.rate_per_second = 1;
  scene.settings.budgets.domain_time = 3'000ms;
  std::vector<std::size_t> answered;
  for (int i = 0; i < 5; ++i) {
    const std::size_t before = scene.sockets.datagrams.size() + scene.sockets.connections.size();
    scene.begin({"s1", "s2", "s3", "s4"});
    scene.finish();
    answered.push_back(scene.sockets.datagrams.size() + scene.sockets.connections.size() - before);
    for (const Observation& seen : scene.observations) {
      for (const Exchange& exchange : seen.key.hops.at(0).servers.at(0).exchanges) {
        CHECK(exchange.started <= 3'010ms);
        if (exchange.outcome == Outcome::interrupted) CHECK(exchange.started + exchange.took >= 3'000ms);
      }
    }
  }
  for (const std::size_t queries : answered) CHECK(queries >= 4);
}

TEST_CASE("pinned servers are distinguished by their ports") {
  Scene scene;
  for (const std::uint16_t port : {std::uint16_t{5301}, std::uint16_t{5302}}) {
    scene.settings.pinned_servers.push_back({name("ns1.example.com"), at("192.0.2.1").ip, port});
    scene.nameservers[at("192.0.2.1", port)].add("example.com SOA ns1.example.com");
  }
  scene.begin();
  scene.finish();
  const probe::Hop& hop = scene.observations.at(0).key.hops.at(0);
  REQUIRE(hop.servers.size() == 2);
  CHECK(hop.servers[0].address == at("192.0.2.1", 5301));
  CHECK(hop.servers[1].address == at("192.0.2.1", 5302));
}

void set_up_for_interruption(Scene& scene) {
  scene.settings.rate_burst = 6;
  scene.settings.rate_per_second = 20;
  scene.settings.budgets.domain_time = 4'000ms;
  scene.on_both("s2._domainkey.example.com TXT v=DKIM1; p=two");
  scene.add("192.0.2.1", {"s1._domainkey.example.com CNAME k.provider.net"});
  scene.add("192.0.2.2", {"s1._domainkey.example.com CNAME k.other.net"});
  scene.add("192.0.2.11", {"k.provider.net CNAME k.other.net"});
  scene.nameservers[at("192.0.2.12")].silent = true;
  scene.begin({"s1", "s2"});
}

TEST_CASE("a probe interrupted at any step ends once, immediately, with everything that was sent") {
  std::size_t steps = 0;
  {
    Scene scene;
    set_up_for_interruption(scene);
    steps = scene.finish();
  }
  REQUIRE(steps > 50);
  for (std::size_t until = 0; until <= steps; ++until) {
    CAPTURE(until);
    Scene scene;
    set_up_for_interruption(scene);
    for (std::size_t i = 0; i < until && scene.finished == 0; ++i) REQUIRE(scene.step());
    const bool was_over = scene.finished > 0;
    scene.probe->interrupt();
    REQUIRE(scene.finished == 1);
    REQUIRE(scene.observations.size() == 2);
    for (const Observation& seen : scene.observations) {
      for (const probe::Hop& hop : seen.key.hops) {
        if (was_over || hop.delegation.outcome != DiscoveryOutcome::interrupted) continue;
        CHECK(seen.key.outcome == ChainOutcome::interrupted);
      }
    }
    CHECK(datagrams_told(scene.observations) == scene.sockets.datagrams.size());
    scene.probe->interrupt();
    scene.check_nothing_left();
  }
}

TEST_CASE("a probe destroyed at any step reports nothing and leaves nothing behind") {
  for (std::size_t until = 0;; ++until) {
    CAPTURE(until);
    Scene scene;
    set_up_for_interruption(scene);
    for (std::size_t i = 0; i < until && scene.finished == 0; ++i) REQUIRE(scene.step());
    if (scene.finished > 0) break;
    scene.probe.reset();
    CHECK(scene.finished == 0);
    scene.check_nothing_left();
  }
}

}  // namespace
}  // namespace dkimprobe::tests
