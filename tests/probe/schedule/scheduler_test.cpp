// Scheduled probes over scripted sockets and nameservers: what is asked when, what quick probes carry over,
// and that everything ends. At the end, a test of the scheduler with its thread and real sockets.
#include "probe/schedule/scheduler.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
#include "checks/judgement/judge.hpp"
#include "probe/schedule/quick_probe.hpp"
#include "tests/catch.hpp"
#include "tests/probe/scripted_nameserver.hpp"
#include "tests/probe/transport/scripted_sockets.hpp"

namespace dkimprobe::tests {
namespace {

using namespace std::chrono_literals;
using config::Address;
using config::DomainName;
using config::ServerAddress;
using probe::Exchange;
using probe::FinishedProbe;
using probe::Observation;
using probe::ProbeDepth;
using probe::ProbeVerdict;
using probe::Purpose;
using probe::WallTime;
using probe::WatchedDomain;

constexpr auto key = "v=DKIM1; k=ed25519; p=vvcbTSHCKV21vt1i3aDhrjzH6ltPN2fVTJDhzqISL7M=";
constexpr auto mismatch = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

DomainName name(std::string_view text) {
  return DomainName::parse(text).value();
}

ServerAddress at(std::string_view ip) {
  return {Address::parse(ip).value(), 53};
}

std::vector<config::Selector> selectors(const std::vector<std::string>& texts) {
  std::vector<config::Selector> parsed;
  for (const std::string& text : texts) parsed.push_back(config::Selector::parse(text).value());
  return parsed;
}

/// Domains `dN.com` on two servers, and a driver that watches them.
struct Scene {
  explicit Scene(double rate = 0, std::size_t domains = 1) {
    settings.root_servers = {{name("a.root"), Address::parse("198.51.100.1").value(), {}}};
    for (const auto* network : {"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"})
      settings.allowed_networks.push_back(config::Network::parse(network).value());
    settings.rate_per_second = rate;
    add("198.51.100.1", {". SOA a.root", ". NS a.root", "com NS a.tld", "a.tld A 203.0.113.1"});
    add("203.0.113.1", {"com SOA a.tld", "com NS a.tld"});
    for (std::size_t i = 0; i < domains; ++i) {
      const std::string domain = fmt::format("d{}.com", i);
      for (const auto* ip : {"192.0.2.1", "192.0.2.2"}) {
        const std::string ns = fmt::format("ns{}.{}", ip[8], domain);
        add("203.0.113.1", {domain + " NS " + ns, ns + " A " + ip});
        for (const auto* to : {"192.0.2.1", "192.0.2.2"}) {
          add(to, {domain + " NS " + ns, ns + " A " + ip});
        }
        add(ip, {domain + " SOA ns1." + domain});
        publish(ip, domain, "s1", key);
      }
      targets.push_back({name(domain), selectors({"s1"}), 300s, {}});
    }
  }

  void add(std::string_view ip, const std::vector<std::string>& records) {
    for (const std::string& record : records) nameservers[at(ip)].add(record);
  }
  void publish(std::string_view ip, const std::string& domain, const std::string& selector,
               std::string_view text) {
    add(ip, {fmt::format("{}._domainkey.{} TXT {}", selector, domain, text)});
  }

  void begin(const probe::ScheduleLimits& limits = {}) {
    const auto began = sockets.now();
    driver.emplace(
        sockets, settings, limits,
        [this, began] {
          return WallTime{} + std::chrono::duration_cast<std::chrono::milliseconds>(sockets.now() - began);
        },
        probe::SchedulerEvents{[this](const FinishedProbe& probe) {
                                 probes.push_back(probe);
                                 return verdict(probe);
                               },
                               [this](const DomainName& domain, WallTime next) { planned[domain] = next; }},
        judge_apart);
    driver->replace(targets);
  }

  /// Handles everything that can happen before time passes.
  void settle() {
    for (bool again = true; again;) {
      again = false;
      sockets.end_turn();
      while (next_datagram < sockets.datagrams.size()) {
        const ScriptedSockets::Sent sent = sockets.datagrams[next_datagram++];
        const auto answer = nameservers[sent.to].answer(sent.octets);
        if (answer) sockets.datagram(sent.socket, sent.to, *answer);
        again = true;
      }
      while (next_connection < sockets.connections.size()) {
        const ScriptedSockets::Sent connection = sockets.connections[next_connection++];
        if (nameservers[connection.to].silent || !sockets.connected(connection.socket)) continue;
        const Bytes& query = sockets.written[connection.socket];
        sockets.stream_octets(
            connection.socket,
            framed(nameservers[connection.to].answer({query.begin() + 2, query.end()}).value()));
        again = true;
      }
    }
  }

  void run(std::chrono::microseconds time) {
    const auto end = sockets.now() + time;
    while (sockets.now() < end) {
      settle();
      const auto wake = sockets.next_wake();
      const auto next = wake ? std::min(end, std::max(*wake, sockets.now())) : end;
      sockets.advance(std::chrono::ceil<std::chrono::microseconds>(next - sockets.now()));
    }
    settle();
  }

  [[nodiscard]] std::size_t sent_to(std::string_view ip) const {
    const auto to = [&](const auto& sent) { return sent.to == at(ip); };
    return static_cast<std::size_t>(
        std::count_if(sockets.datagrams.begin(), sockets.datagrams.end(), to) +
        std::count_if(sockets.connections.begin(), sockets.connections.end(), to));
  }

  config::ProbeSettings settings{};
  std::map<ServerAddress, ScriptedNameserver> nameservers{};
  std::vector<WatchedDomain> targets{};
  ScriptedSockets sockets{};
  std::vector<FinishedProbe> probes{};
  std::map<DomainName, WallTime> planned{};
  std::function<ProbeVerdict(const FinishedProbe&)> verdict = [](const FinishedProbe&) {
    return ProbeVerdict::unchanged;
  };
  probe::JudgeApart judge_apart = probe::judge_at_once;
  std::size_t next_datagram = 0;
  std::size_t next_connection = 0;
  std::optional<probe::ScheduleDriver> driver{};
};

/// Only quick probes after the first.
constexpr probe::ScheduleLimits seldom_full{.full_every = 1'000'000};

std::size_t count(const Observation& observation, Purpose purpose, bool carried) {
  std::size_t found = 0;
  for (const probe::Hop& hop : observation.key.hops) {
    for (const probe::ServerObservation& server : hop.servers) {
      for (const Exchange& exchange : server.exchanges) {
        if (exchange.purpose == purpose && (exchange.started < 0us) == carried) ++found;
      }
    }
  }
  return found;
}

/// The content of a report without times and sizes.
std::vector<std::string> verdicts(const Observation& observation) {
  const checks::Report report = checks::judge(observation, {}, {}).report;
  std::vector<std::string> said{std::string(checks::to_string(report.status))};
  for (const checks::CheckResult& result : report.outcomes) {
    said.push_back(fmt::format("{} {}", result.check->name, checks::to_string(result.outcome)));
  }
  for (const checks::ServerRow& row : report.servers) {
    said.push_back(fmt::format("{} {} {}", row.id.address.to_string(), checks::to_string(row.outcome),
                               row.answer_sha256));
  }
  return said;
}

}  // namespace

TEST_CASE("a quick probe asks each server once, and is judged like the full probe before it") {
  Scene scene;
  scene.begin(seldom_full);
  scene.run(1s);
  REQUIRE(scene.probes.size() == 1);
  CHECK(scene.probes[0].depth == ProbeDepth::full);
  CHECK(scene.driver->totals().never_probed == 0);
  const std::size_t after_full = scene.sent_to("192.0.2.1");
  scene.run(301s);
  REQUIRE(scene.probes.size() >= 2);
  const FinishedProbe& quick = scene.probes[1];
  CHECK(quick.depth == ProbeDepth::quick);
  CHECK(scene.sent_to("192.0.2.1") - after_full == scene.probes.size() - 1);
  REQUIRE(quick.observations.size() == 1);
  const Observation& seen = quick.observations[0];
  CHECK(count(seen, Purpose::record_plain, false) == 2);
  CHECK(count(seen, Purpose::record_plain, true) == 0);
  for (const Purpose purpose : {Purpose::record_edns, Purpose::record_tcp, Purpose::zone_soa,
                                Purpose::zone_ns, Purpose::wildcard_probe, Purpose::domainkey}) {
    CHECK(count(seen, purpose, true) == 2);
    CHECK(count(seen, purpose, false) == 0);
  }
  CHECK(seen.wildcard_name == scene.probes[0].observations[0].wildcard_name);
  CHECK(seen.adsp.hops.size() == 1);
  CHECK(seen.is_quick);
  CHECK_FALSE(scene.probes[0].observations[0].is_quick);
  CHECK(verdicts(seen) == verdicts(scene.probes[0].observations[0]));
  CHECK(scene.planned.at(name("d0.com")) > seen.observed_at);
}

TEST_CASE("changed settings apply from the next probe on, and an on-demand probe may leave out a family") {
  Scene scene;
  scene.begin(seldom_full);
  scene.run(1s);
  const std::size_t before = scene.sent_to("192.0.2.1");
  const auto probe = [&](bool use_ipv4) {
    scene.driver->probe_now({name("d0.com"), selectors({"s1"}), {}, 5s, [](auto) {}, use_ipv4});
    scene.run(1s);
    return scene.sent_to("192.0.2.1");
  };
  CHECK(probe(false) == before);
  CHECK(probe(true) > before);
  const std::size_t after = scene.sent_to("192.0.2.1");
  scene.settings.use_ipv4 = false;
  scene.driver->configure(scene.settings);
  scene.run(301s);
  CHECK(scene.probes.size() >= 2);
  CHECK(scene.sent_to("192.0.2.1") == after);
  scene.settings.use_ipv4 = true;
  scene.settings.rate_per_second = 0.001;
  scene.settings.rate_burst = 1;
  scene.driver->configure(scene.settings);
  CHECK_FALSE(scene.driver->totals().fit->fits);
}

TEST_CASE("a probe sends no more queries than the fit assumes") {
  for (const std::vector<std::string>& texts : {std::vector<std::string>{"s1"}, {"s1", "s2", "s3"}}) {
    Scene scene;
    for (const auto* ip : {"192.0.2.1", "192.0.2.2"}) {
      for (const auto* selector : {"s2", "s3"}) scene.publish(ip, "d0.com", selector, key);
    }
    scene.targets[0].selectors = selectors(texts);
    scene.targets[0].nameservers = {{name("ns1.d0.com"), Address::parse("192.0.2.1").value(), {}}};
    scene.begin(seldom_full);
    scene.run(1s);
    REQUIRE(scene.probes.size() == 1);
    // Servers named by the operator need no walk.
    const std::size_t full = scene.sent_to("192.0.2.1");
    CHECK(full <= probe::queries_of_probe(ProbeDepth::full, texts.size()));
    CHECK(full == 3 * texts.size() + 5);
    scene.run(300s);
    const std::size_t quick_probes = scene.probes.size() - 1;
    REQUIRE(quick_probes >= 1);
    CHECK(scene.sent_to("192.0.2.1") ==
          full + quick_probes * probe::queries_of_probe(ProbeDepth::quick, texts.size()));
    CHECK(scene.sent_to("192.0.2.2") == 0);
  }
}

TEST_CASE("new answers of a quick probe are not mixed with old ones") {
  Scene scene;
  scene.begin(seldom_full);
  scene.run(1s);
  SECTION("another record") {
    scene.nameservers[at("192.0.2.1")] = {};
    scene.add("192.0.2.1", {"d0.com SOA ns1.d0.com", "d0.com NS ns1.d0.com", "d0.com NS ns2.d0.com"});
    scene.publish("192.0.2.1", "d0.com", "s1", mismatch);
    scene.run(300s);
    REQUIRE(scene.probes.size() >= 2);
    const auto& servers = scene.probes[1].observations[0].key.hops[0].servers;
    for (const auto& server : servers) {
      const bool same = server.address == at("192.0.2.2");
      const auto has = [&](Purpose purpose) {
        return std::any_of(server.exchanges.begin(), server.exchanges.end(),
                           [&](const Exchange& exchange) { return exchange.purpose == purpose; });
      };
      CHECK(has(Purpose::record_edns) == same);
      CHECK(has(Purpose::record_tcp) == same);
      CHECK(has(Purpose::zone_soa));
    }
  }
  SECTION("silence") {
    scene.nameservers[at("192.0.2.1")].silent = true;
    scene.run(310s);
    REQUIRE(scene.probes.size() >= 2);
    const auto& servers = scene.probes[1].observations[0].key.hops[0].servers;
    for (const auto& server : servers) {
      const bool silent = server.address == at("192.0.2.1");
      CHECK((server.exchanges.size() == 3) == silent);
      if (!silent) continue;
      for (const Exchange& exchange : server.exchanges) CHECK(exchange.outcome == probe::Outcome::timed_out);
    }
    CHECK(verdicts(scene.probes[1].observations[0]) != verdicts(scene.probes[0].observations[0]));
  }
}

TEST_CASE("an unconfirmed change causes full probes at once") {
  Scene scene;
  scene.begin(seldom_full);
  scene.run(1s);
  scene.verdict = [&](const FinishedProbe& probe) {
    return probe.confirms ? ProbeVerdict::changed : ProbeVerdict::unconfirmed;
  };
  while (scene.probes.size() < 2) scene.run(1s);
  scene.run(1s);
  REQUIRE(scene.probes.size() == 3);
  CHECK_FALSE(scene.probes[1].confirms);
  CHECK(scene.probes[2].confirms);
  CHECK(scene.probes[2].depth == ProbeDepth::full);
  CHECK(scene.driver->totals().confirmations == 1);
  scene.verdict = [](const FinishedProbe&) { return ProbeVerdict::unchanged; };
  scene.run(15s);
  CHECK(scene.probes.size() == 4);
}

TEST_CASE("a fleet on the same servers keeps to the rate limit, and no probe runs out of time") {
  Scene scene(5, 60);
  scene.begin();
  std::vector<probe::MonotonicTime> asked;
  scene.run(150s);
  for (const FinishedProbe& probe : scene.probes) {
    for (const Observation& observation : probe.observations) {
      CHECK(observation.took < 60s);
      REQUIRE_FALSE(observation.key.hops.empty());
      REQUIRE(observation.key.hops[0].servers.size() == 2);
      for (const auto& server : observation.key.hops[0].servers) CHECK_FALSE(server.cut_short);
    }
  }
  CHECK(scene.driver->totals().never_probed == 0);
  for (const auto* ip : {"192.0.2.1", "192.0.2.2", "203.0.113.1"}) {
    CHECK(scene.sent_to(ip) <= 20 + 150 * 5 + 1);
  }
  const auto fit = scene.driver->totals().fit;
  REQUIRE(fit);
  CHECK(fit->fits);
  CHECK(fit->queries_per_second == Approx(60 * (11 + 23) / 24.0 / 285));
}

TEST_CASE("discovery is not cut short when many domains of one provider share the rate limit") {
  Scene scene(5, 60);
  // The provider's nameserver names are in its own zone, so each search asks for their addresses as well.
  scene.add("203.0.113.1", {"host.com NS ns1.host.com", "ns1.host.com A 192.0.2.3"});
  scene.add("192.0.2.3",
            {"host.com SOA ns1.host.com", "host.com NS ns1.host.com", "ns1.host.com A 192.0.2.3"});
  for (std::size_t i = 0; i < 60; ++i) {
    for (const auto* ip : {"192.0.2.1", "192.0.2.2", "203.0.113.1"}) {
      for (const auto* host : {"a", "b"})
        scene.add(ip, {fmt::format("d{}.com NS {}{}.host.com", i, host, i)});
    }
    scene.add("192.0.2.3",
              {fmt::format("a{}.host.com A 192.0.2.1", i), fmt::format("b{}.host.com A 192.0.2.2", i)});
  }
  scene.begin();
  scene.run(300s);
  CHECK(scene.driver->totals().never_probed == 0);
  for (const FinishedProbe& probe : scene.probes) {
    for (const Observation& observation : probe.observations) {
      INFO(observation.domain.to_string());
      REQUIRE_FALSE(observation.key.hops.empty());
      CHECK(observation.key.hops[0].delegation.outcome == probe::DiscoveryOutcome::complete);
      for (const auto& nameserver : observation.key.hops[0].delegation.nameservers)
        CHECK_FALSE((nameserver.ipv4_unknown || nameserver.ipv6_unknown));
    }
  }
}

/// Domains that the parent delegates to the two servers, which do not have them.
void add_lame(Scene& scene, std::size_t domains) {
  for (std::size_t i = 0; i < domains; ++i) {
    const std::string domain = fmt::format("lame{}.com", i);
    for (const auto* ip : {"192.0.2.1", "192.0.2.2"}) {
      const std::string ns = fmt::format("ns{}.{}", ip[8], domain);
      scene.add("203.0.113.1", {domain + " NS " + ns, ns + " A " + ip});
    }
    scene.targets.push_back({name(domain), selectors({"s1"}), 300s, {}});
  }
  scene.verdict = [](const FinishedProbe& probe) {
    return probe.domain.to_string().starts_with("lame") ? ProbeVerdict::failed : ProbeVerdict::unchanged;
  };
}

bool is_whole(const Observation& observation) {
  if (observation.key.hops.empty() || observation.key.hops[0].servers.size() != 2) return false;
  for (const auto& server : observation.key.hops[0].servers) {
    if (server.cut_short) return false;
    for (const Exchange& exchange : server.exchanges) {
      if (!exchange.response) return false;
    }
  }
  return true;
}

/// How long it takes until the ten healthy domains of the scene are seen.
double seconds_until_seen(Scene& scene) {
  scene.begin();
  const auto began = scene.sockets.now();
  std::map<DomainName, bool> seen;
  std::size_t read = 0;
  while (std::count_if(seen.begin(), seen.end(), [](const auto& entry) { return entry.second; }) < 10) {
    scene.run(100ms);
    for (; read < scene.probes.size(); ++read) {
      const FinishedProbe& probe = scene.probes[read];
      if (probe.domain.to_string().starts_with("d")) seen[probe.domain] = is_whole(probe.observations.at(0));
    }
    if (scene.sockets.now() - began > 320s) FAIL("not all were seen");
  }
  return std::chrono::duration<double>(scene.sockets.now() - began).count();
}

double seconds_alone() {
  Scene scene(5, 10);
  return seconds_until_seen(scene);
}

/// A domain that leads the probe through twelve aliases, whose zones all seem to be at the two servers.
void add_hostile(Scene& scene, const std::string& label) {
  const std::string domain = label + ".com";
  for (int i = 0; i <= 12; ++i) {
    const std::string zone = i == 0 ? domain : fmt::format("{}-{}.com", label, i);
    for (const auto* ip : {"192.0.2.1", "192.0.2.2"}) {
      const std::string ns = fmt::format("ns{}.{}", ip[8], zone);
      scene.add("203.0.113.1", {zone + " NS " + ns, ns + " A " + ip});
      scene.add(ip, {zone + " SOA ns1." + zone,
                     fmt::format("s1._domainkey.{} CNAME s1._domainkey.{}-{}.com", zone, label, i + 1)});
    }
  }
  scene.targets.push_back({name(domain), selectors({"s1"}), 300s, {}});
}

/// A domain whose servers never answer.
void add_silent(Scene& scene, const std::string& label) {
  const std::string domain = label + ".com";
  for (int i = 0; i < 16; ++i) {
    const std::string ip = fmt::format("192.0.2.{}", 20 + i);
    const std::string ns = fmt::format("ns{}.{}", i, domain);
    scene.add("203.0.113.1", {domain + " NS " + ns, ns + " A " + ip});
    scene.nameservers[at(ip)].silent = true;
  }
  scene.targets.push_back({name(domain), selectors({"s1"}), 300s, {}});
}

TEST_CASE("hostile domains do not double the time until the healthy ones on the same servers are seen") {
  Scene scene(5, 10);
  SECTION("one that leads through many names on the servers") {
    add_hostile(scene, "hostile");
  }
  SECTION("five that the servers do not have") {
    add_lame(scene, 5);
  }
  SECTION("twenty whose servers never answer") {
    for (int i = 0; i < 20; ++i) add_silent(scene, fmt::format("silent{}", i));
  }
  const double beside = seconds_until_seen(scene);
  CHECK(beside <= 2 * seconds_alone());
}

TEST_CASE("lame domains at a provider delay neither other domains there nor on-demand probes") {
  Scene beside(5, 10);
  add_lame(beside, 3);
  CHECK(seconds_until_seen(beside) <= 2 * seconds_alone());
  // As long as it took to probe all of them when each REFUSED slowed the address down.
  std::size_t whole = 0;
  for (int i = 0; i < 60; ++i) {
    beside.driver->probe_now(
        {name(fmt::format("d{}.com", i % 10)), selectors({"s1"}), {}, 9s, [&](auto observations) {
           if (observations && is_whole(observations->at(0))) ++whole;
         }});
    beside.run(5s);
  }
  beside.run(10s);
  CHECK(whole == 60);
}

TEST_CASE("an on-demand probe does not wait for the scheduled probes") {
  Scene scene(5, 60);
  scene.begin();
  scene.run(3s);
  CHECK(scene.driver->totals().under_way > 1);
  std::size_t whole = 0;
  for (int i = 0; i < 5; ++i) {
    scene.driver->probe_now(
        {name(fmt::format("d{}.com", i)), selectors({"s1"}), {}, 9s, [&](auto observations) {
           if (observations && is_whole(observations->at(0))) ++whole;
         }});
    scene.run(10s);
    CHECK(whole == static_cast<std::size_t>(i) + 1);
  }
}

TEST_CASE("a quick probe of a new domain finds the servers, and is judged like a full one") {
  Scene scene(5, 60);
  for (const auto* domain : {"d3.com", "d4.com"}) scene.publish("192.0.2.2", domain, "s1", mismatch);
  scene.begin();
  scene.run(120s);
  CHECK(scene.driver->totals().never_probed == 0);
  std::map<DomainName, FinishedProbe> first;
  for (const FinishedProbe& probe : scene.probes) first.emplace(probe.domain, probe);
  CHECK(first.size() == 60);
  std::size_t faulty = 0;
  for (const auto& [domain, probe] : first) {
    CHECK(probe.depth == ProbeDepth::quick);
    REQUIRE(probe.observations.size() == 1);
    const Observation& seen = probe.observations[0];
    CHECK(count(seen, Purpose::record_plain, false) == 2);
    CHECK(count(seen, Purpose::zone_soa, false) == 0);
    const auto status = checks::judge(seen, {}, {}).report.status;
    const bool broken = domain == name("d3.com") || domain == name("d4.com");
    CHECK((status == checks::Status::critical) == broken);
    CHECK(status != checks::Status::unknown);
    faulty += broken ? 1 : 0;
  }
  CHECK(faulty == 2);
}

TEST_CASE("targets can be added and removed while probes are under way") {
  Scene scene(0, 3);
  const auto all = scene.targets;
  scene.targets.resize(2);
  scene.begin();
  // A probe is under way: nothing has arrived yet.
  CHECK(scene.driver->totals().under_way >= 1);
  scene.driver->replace({all[1], all[2]});
  scene.run(10s);
  CHECK(scene.driver->totals().domains == 2);
  CHECK(scene.driver->totals().never_probed == 0);
  for (const FinishedProbe& probe : scene.probes) CHECK(probe.domain != name("d0.com"));
  const std::size_t before = scene.probes.size();
  scene.run(300s);
  CHECK(scene.probes.size() >= before + 2);
  scene.driver->replace({});
  const std::size_t last = scene.probes.size();
  scene.run(1000s);
  CHECK(scene.probes.size() == last);
  CHECK(scene.driver->totals().under_way == 0);
}

TEST_CASE("on-demand probes finish once, within their time, and their number is limited") {
  Scene scene(0, 2);
  scene.targets.resize(1);
  scene.begin();
  scene.run(1s);
  std::size_t refused = 0;
  std::vector<std::vector<Observation>> seen;
  const auto probe = [&](std::string_view domain, std::chrono::milliseconds time) {
    scene.driver->probe_now({name(domain),
                             selectors({"s1"}),
                             {},
                             time,
                             [&](std::optional<std::vector<Observation>> observations) {
                               observations ? seen.push_back(std::move(*observations)) : void(++refused);
                             }});
  };
  SECTION("of a domain that nobody watches") {
    probe("d1.com", 5s);
    scene.run(1s);
    REQUIRE(seen.size() == 1);
    REQUIRE(seen[0].size() == 1);
    CHECK(seen[0][0].domain == name("d1.com"));
    CHECK(count(seen[0][0], Purpose::zone_soa, false) == 2);
  }
  SECTION("with servers that keep silent") {
    for (const auto* ip : {"192.0.2.1", "192.0.2.2"}) scene.nameservers[at(ip)].silent = true;
    probe("d0.com", 700ms);
    scene.run(600ms);
    CHECK(seen.empty());
    scene.run(200ms);
    REQUIRE(seen.size() == 1);
  }
  SECTION("too many, and at the end") {
    for (const auto* ip : {"192.0.2.1", "192.0.2.2"}) scene.nameservers[at(ip)].silent = true;
    for (std::size_t i = 0; i < probe::most_on_demand + 3; ++i) probe("d0.com", 10s);
    CHECK(refused == 3);
    CHECK(scene.driver->totals().on_demand_running == probe::most_on_demand);
    scene.driver->interrupt();
    CHECK(seen.size() == probe::most_on_demand);
    probe("d0.com", 10s);
    CHECK(refused == 4);
    CHECK(scene.driver->totals().on_demand_running == 0);
  }
}

TEST_CASE("the scheduler can be stopped at any time, and leaves nothing behind") {
  for (std::size_t steps = 0; steps < 40; ++steps) {
    Scene scene(0, 2);
    scene.begin();
    for (std::size_t i = 0; i < steps; ++i) {
      if (scene.next_datagram < scene.sockets.datagrams.size()) {
        const ScriptedSockets::Sent sent = scene.sockets.datagrams[scene.next_datagram++];
        if (const auto answer = scene.nameservers[sent.to].answer(sent.octets))
          scene.sockets.datagram(sent.socket, sent.to, *answer);
      } else {
        scene.sockets.advance(10ms);
      }
    }
    const std::size_t probes = scene.probes.size();
    scene.driver->interrupt();
    scene.run(100s);
    CHECK(scene.probes.size() == probes);
    CHECK(scene.sockets.open.empty());
    CHECK_FALSE(scene.sockets.next_wake());
  }
}

TEST_CASE("exchanges are counted by transport and outcome") {
  Scene scene;
  scene.nameservers[at("192.0.2.2")].silent = true;
  scene.begin(seldom_full);
  scene.run(20s);
  const probe::SchedulerTotals totals = scene.driver->totals();
  const auto of = [&](probe::Transport transport, probe::Outcome outcome) {
    return totals.exchanges.outcomes[static_cast<std::size_t>(transport)][static_cast<std::size_t>(outcome)];
  };
  CHECK(of(probe::Transport::tcp, probe::Outcome::answered) == 1);
  CHECK(of(probe::Transport::tcp, probe::Outcome::timed_out) == 1);
  CHECK(of(probe::Transport::udp, probe::Outcome::timed_out) >= 9);
  CHECK(totals.exchanges.durations[0].count == of(probe::Transport::udp, probe::Outcome::answered));
  std::uint64_t all = 0;
  for (const std::uint64_t count : totals.exchanges.outcomes[0]) all += count;
  CHECK(all == totals.engine.queries_udp);
  CHECK(totals.full_probes == 1);
}

TEST_CASE("while a probe is judged, other domains are probed, and its own domain waits") {
  Scene scene(0, 3);
  std::vector<std::function<void()>> waiting;
  scene.judge_apart = [&](std::function<void()> judge, std::function<void()> then) {
    waiting.push_back([judge = std::move(judge), then = std::move(then)] {
      judge();
      then();
    });
  };
  scene.begin(seldom_full);
  scene.run(900s);
  CHECK(waiting.size() == 3);
  CHECK(scene.probes.empty());
  CHECK(scene.driver->totals().under_way == 3);
  CHECK(scene.driver->totals().never_probed == 3);
  SECTION("the verdict comes late") {
    waiting[1]();
    scene.run(1s);
    CHECK(scene.probes.size() == 1);
    CHECK(scene.driver->totals().never_probed == 2);
    scene.run(310s);
    CHECK(waiting.size() == 4);
  }
  SECTION("the domain is removed meanwhile") {
    const DomainName removed = scene.targets[0].domain;
    scene.targets.erase(scene.targets.begin());
    scene.driver->replace(scene.targets);
    for (std::size_t i = 0; i < 3; ++i) waiting[i]();
    scene.run(1s);
    CHECK(scene.driver->totals().never_probed == 0);
    CHECK_FALSE(scene.planned.contains(removed));
  }
  SECTION("the driver is interrupted meanwhile") {
    scene.driver->interrupt();
    for (std::size_t i = 0; i < 3; ++i) waiting[i]();
    scene.run(900s);
    CHECK(waiting.size() == 3);
    CHECK(scene.planned.empty());
  }
}

TEST_CASE("a long judgement does not hold up the probing thread") {
  config::ProbeSettings settings;
  settings.initial_timeout = 50ms;
  settings.attempts = 1;
  settings.tcp_timeout = 100ms;
  // Nothing listens on this port.
  const std::vector<config::NamedServer> servers{
      {name("ns.example"), Address::parse("127.0.0.1").value(), 9}};
  std::promise<void> begun;
  std::promise<void> may_end;
  std::atomic<int> judged = 0;
  probe::Scheduler scheduler(settings, {}, [] { return WallTime{}; },
                             {[&](const FinishedProbe&) {
                                if (judged++ == 0) begun.set_value();
                                may_end.get_future().wait();
                                return ProbeVerdict::unchanged;
                              },
                              {}});
  scheduler.replace({{name("slow.example"), selectors({"s1"}), 10s, servers}});
  begun.get_future().wait();
  std::promise<bool> seen;
  scheduler.probe_now({name("look.example"), selectors({"s1"}), servers, 1s,
                       [&](auto observations) { seen.set_value(observations.has_value()); }});
  CHECK(seen.get_future().get());
  for (int i = 0; i < 600 && scheduler.totals().under_way == 0; ++i) std::this_thread::sleep_for(10ms);
  CHECK(scheduler.totals().under_way == 1);
  may_end.set_value();
  scheduler.stop();
  CHECK(judged == 1);
}

TEST_CASE("the scheduler takes calls from any thread, and stops without waiting") {
  config::ProbeSettings settings;
  settings.initial_timeout = 50ms;
  settings.attempts = 1;
  settings.tcp_timeout = 100ms;
  settings.rate_per_second = 0;
  // Nothing listens on this port.
  const std::vector<config::NamedServer> servers{
      {name("ns.example"), Address::parse("127.0.0.1").value(), 9}};
  std::atomic<int> judged = 0;
  probe::Scheduler scheduler(settings, {}, [] { return WallTime{}; },
                             {[&](const FinishedProbe&) {
                                ++judged;
                                return ProbeVerdict::unconfirmed;
                              },
                              {}});
  std::vector<WatchedDomain> targets;
  for (int i = 0; i < 20; ++i)
    targets.push_back({name(fmt::format("d{}.example", i)), selectors({"s1"}), 10s, servers});
  std::atomic<int> probed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 25; ++j) {
        scheduler.replace({targets.begin(), targets.begin() + (i + j) % 20});
        scheduler.probe_now({name("look.example"), selectors({"s1"}), servers, 200ms,
                             [&](std::optional<std::vector<Observation>>) { ++probed; }});
        static_cast<void>(scheduler.totals());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::promise<std::size_t> promise;
  scheduler.probe_now(
      {name("look.example"), selectors({"s1", "s2"}), servers, 1s,
       [&](std::optional<std::vector<Observation>> seen) { promise.set_value(seen ? seen->size() : 0); }});
  // There may have been too many probes at that time; only the callback matters here.
  const std::size_t observations = promise.get_future().get();
  CHECK((observations == 2 || observations == 0));
  scheduler.replace(targets);
  for (int i = 0; i < 6'000 && judged < 20; ++i) std::this_thread::sleep_for(10ms);
  CHECK(judged >= 20);
  scheduler.stop();
  CHECK(probed == 100);
  const int at_the_end = judged;
  bool refused = false;
  scheduler.probe_now({name("look.example"), selectors({"s1"}), servers, 1s,
                       [&](std::optional<std::vector<Observation>> seen) { refused = !seen; }});
  CHECK(refused);
  scheduler.replace({});
  scheduler.stop();
  CHECK(judged == at_the_end);
}

}  // namespace dkimprobe::tests
