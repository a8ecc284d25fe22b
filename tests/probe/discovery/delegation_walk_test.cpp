// The delegation walk through small internets, one case in each file in vectors/walk. A vector states the
// complete result.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "probe/discovery/delegation_walk.hpp"
#include "tests/catch.hpp"
#include "tests/probe/discovery/delegation_walk_world.hpp"

namespace dkimprobe::tests {
namespace {

using nlohmann::json;
using probe::DiscoveryOutcome;
using probe::HostOutcome;
using std::chrono::milliseconds;

std::string text_of(DiscoveryOutcome outcome) {
  switch (outcome) {
    case DiscoveryOutcome::complete:
      return "complete";
    case DiscoveryOutcome::pinned:
      return "pinned";
    case DiscoveryOutcome::no_servers:
      return "no_servers";
    case DiscoveryOutcome::intercepted:
      return "intercepted";
    case DiscoveryOutcome::loop:
      return "loop";
    case DiscoveryOutcome::budget_exhausted:
      return "budget_exhausted";
    case DiscoveryOutcome::interrupted:
      return "interrupted";
  }
  return "";
}

std::string text_of(probe::InterceptionSign sign) {
  switch (sign) {
    case probe::InterceptionSign::recursion_available:
      return "recursion_available";
    case probe::InterceptionSign::answers_below:
      return "answers_below";
    case probe::InterceptionSign::no_authority:
      return "no_authority";
    case probe::InterceptionSign::refused:
      return "refused";
    case probe::InterceptionSign::one_identity:
      return "one_identity";
    case probe::InterceptionSign::ttl_counts_down:
      return "ttl_counts_down";
    case probe::InterceptionSign::tcp_closed:
      return "tcp_closed";
  }
  return "";
}

std::string text_of(HostOutcome outcome) {
  switch (outcome) {
    case HostOutcome::found:
      return "found";
    case HostOutcome::is_alias:
      return "is_alias";
    case HostOutcome::name_missing:
      return "name_missing";
    case HostOutcome::no_address:
      return "no_address";
    case HostOutcome::unknown:
      return "unknown";
    case HostOutcome::budget_exhausted:
      return "budget_exhausted";
    case HostOutcome::loop:
      return "loop";
  }
  return "";
}

Fault fault_of(const std::string& text) {
  const std::map<std::string, Fault> faults{{"silent", Fault::silent},
                                            {"refused", Fault::refused},
                                            {"servfail", Fault::servfail},
                                            {"malformed", Fault::malformed},
                                            {"unreachable", Fault::unreachable},
                                            {"local_error", Fault::local_error},
                                            {"no_authority", Fault::no_authority},
                                            {"upward", Fault::upward},
                                            {"self", Fault::self},
                                            {"sideways_referral", Fault::sideways_referral},
                                            {"denies_between", Fault::denies_between},
                                            {"aa_on_referrals", Fault::aa_on_referrals},
                                            {"truncates", Fault::truncates},
                                            {"offers_recursion", Fault::offers_recursion},
                                            {"resolver", Fault::resolver},
                                            {"resolver_with_authority", Fault::resolver_with_authority},
                                            {"resolver_in_disguise", Fault::resolver_in_disguise},
                                            {"refuses_without_rd", Fault::refuses_without_rd},
                                            {"poisons", Fault::poisons}};
  return faults.at(text);
}

World world_of(const json& text) {
  World world;
  for (const auto& [key, records] : text.at("zones").items()) {
    world.zones[key].apex = name_of(key.substr(0, key.find('#')));
    for (const auto& record : records) world.add_record(key, record.get<std::string>());
  }
  for (const auto& [address, server] : text.at("servers").items()) {
    FakeServer& made = world.servers[address_of(address)];
    for (const auto& zone : server.at("zones")) {
      made.zones.push_back(zone.get<std::string>());
      static_cast<void>(world.zones.at(made.zones.back()));
    }
    made.is_minimal = server.value("minimal", false);
    if (server.contains("fault")) made.fault = fault_of(server.at("fault").get<std::string>());
    for (const auto& name : server.value("servfail_for", json::array()))
      made.servfail_for.insert(name_of(name.get<std::string>()));
    for (const auto& name : server.value("servfail_for_aaaa", json::array()))
      made.servfail_for_aaaa.insert(name_of(name.get<std::string>()));
  }
  for (const auto& [name, addresses] : text.at("roots").items()) {
    for (const auto& address : addresses) {
      world.roots.push_back({name_of(name), address_of(address.get<std::string>()), {}});
    }
  }
  return world;
}

config::ProbeSettings settings_of(const json& vector, const World& world) {
  config::ProbeSettings settings;
  settings.root_servers = world.roots;
  const json& given = vector.value("settings", json::object());
  settings.use_ipv4 = given.value("use_ipv4", true);
  settings.use_ipv6 = given.value("use_ipv6", true);
  settings.budgets.queries_per_zone = given.value("queries_per_zone", settings.budgets.queries_per_zone);
  for (const auto& network : given.value("allowed_networks", json::array())) {
    settings.allowed_networks.push_back(config::Network::parse(network.get<std::string>()).value());
  }
  return settings;
}

std::string word_of(const probe::ParentAnswer& parent) {
  switch (parent.answer) {
    case probe::CutAnswer::refers:
      return "refers";
    case probe::CutAnswer::serves_it:
      return "serves it";
    case probe::CutAnswer::no_cut:
      return "no cut";
    case probe::CutAnswer::denied:
      return "denied";
    case probe::CutAnswer::useless:
      return "useless";
    case probe::CutAnswer::silent:
      return "silent";
    case probe::CutAnswer::not_asked:
      return "not asked";
  }
  return "";
}

template <class List, class Text>
json texts(const List& list, Text text) {
  json made = json::array();
  for (const auto& entry : list) made.push_back(text(entry));
  return made;
}

/// The result in the format of the vectors.
json result_of(const WalkRecord& record) {
  const auto name = [](const config::DomainName& n) { return n.to_string(); };
  const auto target = [](const probe::NsRecord& ns) { return ns.target.to_string(); };
  const auto address = [](const config::Address& a) { return a.to_string(); };
  const probe::Delegation& found = record.delegation;
  json result;
  result["zone"] = name(found.zone);
  result["outcome"] = text_of(found.outcome);
  if (found.outcome != DiscoveryOutcome::complete) result["stopped_at"] = name(found.stopped_at);
  result["cuts"] = texts(found.cuts, [&](const probe::ZoneCut& cut) {
    json made{{"apex", name(cut.apex)}};
    // Large sets are given by their size.
    if (!cut.parent_ns.empty()) made["parent"] = texts(cut.parent_ns, target);
    if (cut.parent_ns.size() > 20) made["parent"] = cut.parent_ns.size();
    if (!cut.child_ns.empty()) made["child"] = texts(cut.child_ns, target);
    if (cut.child_ns.size() > 20) made["child"] = cut.child_ns.size();
    if (cut.referrals.size() > 1) {
      made["referrals"] =
          texts(cut.referrals, [&](const probe::Referral& referral) { return texts(referral.ns, target); });
    }
    json parents = json::object();
    for (const probe::ParentAnswer& parent : cut.parents) {
      std::string word = word_of(parent);
      if (cut.referrals.size() > 1 && parent.referral) word += fmt::format(" {}", *parent.referral);
      parents[parent.address.ip.to_string()] = word;
    }
    if (!parents.empty()) made["parents"] = parents;
    return made;
  });
  result["nameservers"] = texts(found.nameservers, [&](const probe::Nameserver& server) {
    json made{{"name", name(server.name)}, {"host", text_of(server.host)}};
    made["in"] =
        server.in_parent ? (server.in_child ? "both" : "parent") : (server.in_child ? "child" : "none");
    if (!server.glue.empty()) made["glue"] = texts(server.glue, address);
    if (!server.addresses.empty()) made["addresses"] = texts(server.addresses, address);
    if (server.ipv4_unknown) made["ipv4_unknown"] = true;
    if (server.ipv6_unknown) made["ipv6_unknown"] = true;
    return made;
  });
  if (!found.nameservers_cut_off.empty()) {
    result["cut_off"] = {{"first", name(found.nameservers_cut_off.front())},
                         {"last", name(found.nameservers_cut_off.back())},
                         {"count", found.nameservers_cut_off.size()}};
  }
  if (!found.denied.empty()) result["denied"] = texts(found.denied, name);
  if (!found.strays.empty()) {
    result["strays"] = texts(found.strays, [&](const probe::StrayServer& stray) {
      return fmt::format("{} of {}", stray.address.ip.to_string(), name(stray.zone));
    });
  }
  for (const probe::Interception& seen : found.interception) {
    result["interception"][text_of(seen.sign)] =
        texts(seen.servers, [&](const config::ServerAddress& server) { return address(server.ip); });
  }
  result["questions"] = record.asked.size();
  result["took_ms"] = record.took.count();
  return result;
}

}  // namespace

TEST_CASE("walks find the zone and its nameservers in each vector") {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(DKIMPROBE_VECTORS "/walk")) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  REQUIRE(files.size() > 30);
  for (const auto& file : files) {
    DYNAMIC_SECTION(file.stem().string()) {
      const json vector = json::parse(std::ifstream(file));
      const World world = world_of(vector);
      const config::ProbeSettings settings = settings_of(vector, world);
      const auto use = vector.value("settings", json::object()).value("registry", "all") == "sample"
                           ? probe::RegistryUse::sample
                           : probe::RegistryUse::all;
      const bool route6 = vector.value("settings", json::object()).value("route6", true);
      probe::ZoneCache cache;
      std::set<config::DomainName> met;
      const probe::MonotonicTime start{std::chrono::hours{1000}};
      for (const json& step : vector.at("walks")) {
        const config::DomainName target = name_of(step.at("target").get<std::string>());
        const milliseconds at{step.value("at_ms", 0)};
        const auto answer = [&](const probe::WalkQuestion& question) {
          if (question.server.ip.family() != config::Family::ipv6 || route6) return world.ask(question);
          probe::Exchange exchange;
          exchange.outcome = probe::Outcome::no_route;
          return exchange;
        };
        const WalkRecord record = drive(target, settings, cache, start + at, answer, use);
        std::string asked;
        for (const auto& question : record.asked) {
          asked +=
              fmt::format("  {} {} of {} for {}\n", static_cast<unsigned>(question.type),
                          question.name.to_string(), question.server.to_string(), question.zone.to_string());
        }
        INFO("target " << target.to_string() << ", asked\n" << asked);
        CHECK(breaches(target, settings, record, met).empty());
        CHECK(record.delegation.exchanges.size() <= record.asked.size());
        CHECK(result_of(record).dump(1) == step.at("expect").dump(1));
      }
    }
  }
}

TEST_CASE("a walk that ends early returns what it found") {
  World world;
  world.zones["."].apex = config::DomainName{};
  world.add_record(".", "com NS ns.com");
  world.add_record(".", "ns.com A 192.5.6.30");
  world.roots = {{name_of("a.root"), address_of("198.41.0.4"), {}}};
  world.servers[address_of("198.41.0.4")].zones = {"."};
  config::ProbeSettings settings;
  settings.root_servers = world.roots;
  probe::ZoneCache cache;
  const probe::MonotonicTime start{std::chrono::hours{1000}};
  probe::DelegationWalk walk(name_of("s._domainkey.example.com"), settings, cache, probe::RegistryUse::all,
                             start);
  auto asked = walk.next(start);
  REQUIRE(asked.size() == 1);
  CHECK(walk.next(start).empty());
  CHECK(asked[0].zone.is_root());
  CHECK(asked[0].name == name_of("com"));
  CHECK(asked[0].first_wait == settings.initial_timeout);
  CHECK(asked[0].attempts == settings.attempts);
  walk.finished(asked[0].ticket, world.ask(asked[0]), start + milliseconds{10});
  walk.finished(asked[0].ticket, world.ask(asked[0]), start + milliseconds{10});  // reported twice
  CHECK_FALSE(walk.done());
  asked = walk.next(start + milliseconds{10});
  REQUIRE(asked.size() == 1);

  SECTION("the operator") {
    walk.interrupt();
    REQUIRE(walk.done());
    const probe::Delegation found = walk.take_result();
    CHECK(found.outcome == DiscoveryOutcome::interrupted);
    CHECK(found.zone == name_of("com"));
    CHECK(found.nameservers.size() == 1);
    CHECK(found.exchanges.size() == 1);
  }
  SECTION("the time") {
    CHECK(walk.wake() == start + settings.budgets.discovery_timeout);
    CHECK(walk.next(start + settings.budgets.discovery_timeout).empty());
    REQUIRE(walk.done());
    const probe::Delegation found = walk.take_result();
    CHECK(found.outcome == DiscoveryOutcome::budget_exhausted);
    CHECK(found.stopped_at == name_of("com"));
  }
  SECTION("the last question meets the end of time") {
    walk.finished(asked[0].ticket, probe::Exchange{}, start + settings.budgets.discovery_timeout);
    REQUIRE(walk.done());
    CHECK(walk.take_result().outcome == DiscoveryOutcome::budget_exhausted);
  }
  walk.finished(asked[0].ticket, probe::Exchange{}, start + milliseconds{20});  // late, so without effect
  CHECK(walk.next(start + milliseconds{20}).empty());
}

TEST_CASE("the port of a root server is independent of the port in the settings") {
  World world;
  world.zones["."].apex = config::DomainName{};
  world.add_record(".", "com NS ns.com");
  world.add_record(".", "ns.com A 192.5.6.30");
  world.servers[address_of("198.41.0.4")].zones = {"."};
  config::ProbeSettings settings;
  settings.port = 5300;
  settings.root_servers = {{name_of("a.root"), address_of("198.41.0.4"), std::uint16_t{5301}}};
  probe::ZoneCache cache;
  const WalkRecord record =
      drive(name_of("s._domainkey.example.com"), settings, cache, probe::MonotonicTime{},
            [&](const auto& question) { return world.ask(question); });
  REQUIRE(record.asked.size() > 1);
  CHECK(record.asked[0].server.port == 5301);
  CHECK(record.asked[1].server.port == 5300);
}

}  // namespace dkimprobe::tests
