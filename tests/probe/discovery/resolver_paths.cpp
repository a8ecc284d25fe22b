#include "tests/probe/discovery/resolver_paths.hpp"

#include <cstddef>
#include <utility>

namespace dkimprobe::tests {

using config::Address;
using config::DomainName;

namespace {

/// The first name below the zone's apex on the path to `name` where the zone has a cut; the apex if there is
/// none.
DomainName cut_of(const FakeZone& zone, const DomainName& name) {
  for (std::size_t labels = zone.apex.label_count() + 1; labels <= name.label_count(); ++labels) {
    for (const auto& record : zone.ns) {
      if (record.owner == name.suffix(labels)) return record.owner;
    }
  }
  return zone.apex;
}

std::string text_of(const FakeZone& zone, const DomainName& name) {
  const auto found = zone.texts.find(name);
  return found == zone.texts.end() ? std::string{} : found->second;
}

}  // namespace

/// The addresses of hosts may depend on each other, so this repeats until no path adds anything.
ResolverPaths::ResolverPaths(const World& world) : world_(world) {
  for (const auto& [key, zone] : world.zones) {
    for (const auto& record : zone.ns) places_.try_emplace(record.target);
  }
  for (bool grew = true; grew;) {
    grew = false;
    for (auto& [host, places] : places_) {
      Addresses found;
      follow(host, [&](const FakeZone& zone) {
        for (const auto& record : zone.addresses) {
          if (record.owner == host) found.insert(record.address);
        }
      });
      grew |= found.size() > places.size();
      places.merge(found);
    }
  }
}

std::set<std::string> ResolverPaths::texts(const DomainName& name) const {
  std::set<std::string> found;
  follow(name, [&](const FakeZone& zone) { found.insert(text_of(zone, name)); });
  return found;
}

std::set<std::string> ResolverPaths::texts_at(const Address& server, const DomainName& name) const {
  const FakeZone* zone = zone_at(server, name);
  if (zone == nullptr || !(cut_of(*zone, name) == zone->apex)) return {};
  return {text_of(*zone, name)};
}

void ResolverPaths::follow(const DomainName& name, const End& end) const {
  Addresses roots;
  for (const auto& root : world_.roots) roots.insert(root.ip);
  Seen seen;
  visit(DomainName{}, std::move(roots), name, end, seen);
}

void ResolverPaths::visit(const DomainName& apex, Addresses servers, const DomainName& name, const End& end,
                          Seen& seen) const {
  // A resolver may prefer the zone's own NS records, repeatedly.
  for (std::size_t before = 0; before != servers.size();) {
    before = servers.size();
    for (const Address& server : Addresses(servers)) {
      const FakeZone* zone = zone_at(server, apex);
      if (zone == nullptr || !(zone->apex == apex)) continue;
      for (const auto& record : zone->ns) {
        if (record.owner == apex) add_addresses(*zone, record.target, servers);
      }
    }
  }
  if (!seen.emplace(apex, servers).second) return;
  for (const Address& server : servers) {
    const FakeZone* zone = zone_at(server, name);
    if (zone == nullptr || !zone->apex.is_at_or_below(apex)) continue;
    const DomainName cut = cut_of(*zone, name);
    if (cut == zone->apex) {
      end(*zone);
      continue;
    }
    Addresses below;
    for (const auto& record : zone->ns) {
      if (record.owner == cut) add_addresses(*zone, record.target, below);
    }
    visit(cut, std::move(below), name, end, seen);
  }
}

/// The addresses that are in bailiwick for the zone, and those that a separate search finds.
void ResolverPaths::add_addresses(const FakeZone& from, const DomainName& host, Addresses& servers) const {
  for (const auto& record : from.addresses) {
    if (record.owner == host && host.is_at_or_below(from.apex)) servers.insert(record.address);
  }
  const auto known = places_.find(host);
  if (known != places_.end()) servers.insert(known->second.begin(), known->second.end());
}

const FakeZone* ResolverPaths::zone_at(const Address& server, const DomainName& name) const {
  const auto found = world_.servers.find(server);
  if (found == world_.servers.end() || found->second.fault != Fault::none) return nullptr;
  return world_.zone_at(server, name);
}

}  // namespace dkimprobe::tests
