// If a walk reports agreement, every path of a resolver returns the same, in small internets whose servers
// disagree at any level, are dead, are stale or still hold a zone that moved away.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rapidcheck.h>

#include "probe/discovery/delegation_walk.hpp"
#include "tests/catch.hpp"
#include "tests/probe/discovery/delegation_walk_world.hpp"
#include "tests/probe/discovery/resolver_paths.hpp"
#include "tests/probe/draw.hpp"

namespace dkimprobe::tests {
namespace {

using Texts = std::vector<std::string>;

const Texts& hosts() {
  static const Texts list{"ns1.example.com", "ns2.example.com", "ns3.example.com",
                          "ns1.hoster.net",  "ns2.hoster.net",  "ns3.hoster.net"};
  return list;
}

/// Servers of the domain or of `_domainkey`, current or former.
const Texts& machines() {
  static const Texts list{"45.1.1.1", "45.1.1.2", "45.1.1.3", "45.3.3.1", "45.3.3.2", "45.3.3.3"};
  return list;
}

/// A world as up-to-date servers have it, and how often a server is not up to date.
struct Plan {
  Texts domain_hosts{};
  Texts domainkey_hosts{};                                    ///< empty without a cut
  std::vector<std::pair<std::string, std::string>> places{};  ///< addresses of hosts
  unsigned percent = 0;
};

Texts some(Draw& draw, const Texts& list) {
  Texts made;
  const std::size_t count = 1 + draw.below(3);
  while (made.size() < count) made.push_back(draw.of(list));
  return made;
}

class Builder {
 public:
  explicit Builder(Draw& draw) : draw_(draw) {
    constexpr unsigned rates[] = {0, 3, 10, 30};
    plan_.percent = rates[draw.below(4)];
    plan_.domain_hosts = some(draw, hosts());
    if (draw.chance(50)) plan_.domainkey_hosts = some(draw, hosts());
    for (const auto& host : hosts()) plan_.places.emplace_back(host, draw.of(machines()));
  }

  World build() {
    for (const char* root : {"198.41.0.4", "170.247.170.2"}) {
      serve(root, ".", [&](const std::string& zone) {
        for (const char* top : {"com", "net"}) {
          for (const char* host : {"a", "b"}) add(zone, fmt::format("{} NS {}.gtld.net", top, host));
        }
        add_places_of_registry(zone);
      });
      world_.roots.push_back({name_of("a.root"), address_of(root), {}});
    }
    for (const char* registry : {"192.5.6.30", "192.33.14.30"}) build_registry(registry);
    for (const char* hoster : {"45.2.2.1", "45.2.2.2"}) {
      serve(hoster, "hoster.net", [&](const std::string& zone) {
        add_hoster(zone);
        add_places(zone, "hoster.net");
      });
    }
    for (const auto& machine : machines()) build_machine(machine);
    return std::move(world_);
  }

 private:
  [[nodiscard]] bool differs() { return draw_.chance(plan_.percent); }

  void add(const std::string& zone, const std::string& record) { world_.add_record(zone, record); }

  template <class Fill>
  void serve(const std::string& server, const std::string& apex, Fill fill) {
    const std::string key = fmt::format("{}#{}", apex, server);
    world_.zones[key].apex = apex == "." ? config::DomainName{} : name_of(apex);
    fill(key);
    world_.servers[address_of(server)].zones.push_back(key);
  }

  void add_places_of_registry(const std::string& zone) {
    add(zone, "a.gtld.net A 192.5.6.30");
    add(zone, "b.gtld.net A 192.33.14.30");
  }

  void add_hoster(const std::string& zone) {
    add(zone, "hoster.net NS a.hoster.net");
    add(zone, "hoster.net NS b.hoster.net");
    add(zone, "a.hoster.net A 45.2.2.1");
    add(zone, "b.hoster.net A 45.2.2.2");
  }

  void add_places(const std::string& zone, std::string_view apex) {
    for (const auto& [host, place] : plan_.places) {
      if (!host.ends_with(apex)) continue;
      if (differs()) {
        if (draw_.chance(50)) add(zone, fmt::format("{} A {}", host, draw_.of(machines())));
      } else {
        add(zone, fmt::format("{} A {}", host, place));
      }
    }
  }

  void add_set(const std::string& zone, std::string_view owner, const Texts& usual) {
    for (const auto& host : differs() ? some(draw_, hosts()) : usual)
      add(zone, fmt::format("{} NS {}", owner, host));
  }

  void add_domainkey_set(const std::string& zone) {
    add_set(zone, "_domainkey.example.com", plan_.domainkey_hosts.empty() ? hosts() : plan_.domainkey_hosts);
  }

  void build_registry(const std::string& server) {
    serve(server, "com", [&](const std::string& zone) {
      if (!differs()) add_set(zone, "example.com", plan_.domain_hosts);
      add_places(zone, "example.com");
    });
    serve(server, "net", [&](const std::string& zone) {
      add_hoster(zone);
      add_places_of_registry(zone);
    });
  }

  void add_text(const std::string& zone) {
    if (!differs()) {
      add(zone, "s1._domainkey.example.com TXT new");
    } else if (draw_.chance(50)) {
      add(zone, "s1._domainkey.example.com TXT old");
    }
  }

  void build_machine(const std::string& machine) {
    const auto is_for = [&](const Texts& named) {
      for (const auto& [host, place] : plan_.places) {
        if (place == machine && std::find(named.begin(), named.end(), host) != named.end()) return true;
      }
      return false;
    };
    if (is_for(plan_.domain_hosts) != differs()) {
      serve(machine, "example.com", [&](const std::string& zone) {
        add_set(zone, "example.com", plan_.domain_hosts);
        add_places(zone, "example.com");
        const bool is_cut = plan_.domainkey_hosts.empty() ? draw_.chance(plan_.percent / 2) : !differs();
        if (is_cut) add_domainkey_set(zone);
        add_text(zone);
      });
    }
    if (is_for(plan_.domainkey_hosts) != differs()) {
      serve(machine, "_domainkey.example.com", [&](const std::string& zone) {
        add_domainkey_set(zone);
        add_text(zone);
      });
    }
    world_.servers[address_of(machine)].is_minimal = draw_.chance(50);
    world_.servers[address_of(machine)].fault =
        draw_.chance(plan_.percent / 3) ? draw_.of(std::vector<Fault>{Fault::silent, Fault::refused})
                                        : Fault::none;
  }

  Draw& draw_;
  Plan plan_{};
  World world_{};
};

/// A world in the format of a vector.
std::string shown(const World& world) {
  std::string text;
  for (const auto& [address, server] : world.servers) {
    text += fmt::format("{}{}:\n", address.to_string(), server.fault == Fault::none ? "" : " (fault)");
    for (const auto& key : server.zones) {
      const FakeZone& zone = world.zones.at(key);
      for (const auto& record : zone.ns)
        text += fmt::format("  {}: {} NS {}\n", key, record.owner.to_string(), record.target.to_string());
      for (const auto& record : zone.addresses)
        text += fmt::format("  {}: {} A {}\n", key, record.owner.to_string(), record.address.to_string());
      for (const auto& [owner, data] : zone.texts)
        text += fmt::format("  {}: {} TXT {}\n", key, owner.to_string(), data);
    }
  }
  return text;
}

/// What the servers that the walk found on the path have for the target.
std::set<std::string> found_texts(const probe::Delegation& found, const World& world,
                                  const config::DomainName& target) {
  const ResolverPaths paths(world);
  std::set<std::string> texts;
  const auto add = [&](const config::Address& address) { texts.merge(paths.texts_at(address, target)); };
  for (const auto& nameserver : found.nameservers) {
    for (const auto& address : nameserver.glue) add(address);
    for (const auto& address : nameserver.addresses) add(address);
  }
  for (const auto& stray : found.strays) add(stray.address.ip);
  for (const auto& cut : found.cuts) {
    for (const auto& parent : cut.parents) add(parent.address.ip);
  }
  return texts;
}

}  // namespace

TEST_CASE("a walk that reports agreement covers what every resolver path returns") {
  const config::DomainName target = name_of("s1._domainkey.example.com");
  std::size_t alike = 0;
  std::size_t mixed = 0;
  CHECK(rc::check("worlds that disagree", [&](std::uint64_t seed) {
    for (int i = 0; i < 10; ++i) {
      Draw draw(seed + static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15U);
      const World world = Builder(draw).build();
      config::ProbeSettings settings;
      settings.root_servers = world.roots;
      probe::ZoneCache cache;
      const WalkRecord record =
          drive(target, settings, cache, probe::MonotonicTime{std::chrono::hours{1000}},
                [&](const probe::WalkQuestion& question) { return world.ask(question); });
      const auto possible = ResolverPaths(world).texts(target);
      mixed += possible.size() > 1 ? 1 : 0;
      if (record.delegation.outcome != probe::DiscoveryOutcome::complete) continue;
      const auto found = found_texts(record.delegation, world, target);
      if (found.size() != 1 || found.contains("")) continue;  // no verdict lets anybody sign with nothing
      ++alike;
      if (possible.empty() || possible == found) continue;
      RC_FAIL(fmt::format("found only '{}', but paths lead to '{}':\n{}", *found.begin(),
                          fmt::join(possible, "', '"), shown(world)));
    }
  }));
  // Otherwise this test would check nothing.
  CHECK(alike > 100);
  CHECK(mixed > 100);
}

}  // namespace dkimprobe::tests
