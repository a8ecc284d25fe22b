// A small world of zones whose servers change, caches that follow the RFCs, and our looks: whatever the times
// of all these, no cache answers wrongly from the time on that is said to be safe, and where all is seen some
// cache still does just before it. Time is in whole seconds and starts at 0, before which nobody asked.
#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include "checks/history/history.hpp"
#include "checks/history/safe_times.hpp"
#include "checks/record/key_record.hpp"
#include "probe/observation.hpp"
#include "tests/catch.hpp"

namespace checks = dkimprobe::checks;
namespace config = dkimprobe::config;
namespace probe = dkimprobe::probe;

namespace {

using config::DomainName;

constexpr int never = 1'000'000'000;
const std::string new_key = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const std::string old_key = "v=DKIM1; k=ed25519; p=PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";

DomainName name(const std::string& text) {
  return DomainName::parse(text).value();
}

/// The selector's name, and two names at a provider to which aliases lead: the right one and the old one.
enum Place : std::uint8_t { selector, target, old_target };
constexpr std::array<const char*, 3> owners = {"s1._domainkey.example.com", "s1.example.net",
                                               "s0.example.net"};

enum class Has : std::uint8_t { absent, old_text, new_text, to_target, to_old_target, servfail };

/// What a server says of a name, and for how long a cache may hold it.
struct Answer {
  Has has = Has::absent;
  int ttl = 0;
  int nsec_ttl = 0;  ///< an absence: of the NSEC records that span the name; 0 in an unsigned zone
  bool domainkey_denied = false;  ///< an absence: nothing else is below `_domainkey`
};

struct Phase {
  int from = 0;
  Answer answer{};
};

struct Server {
  std::array<std::vector<Phase>, 3> phases{};
  int frozen = never;  ///< from then on it knows of no change of the delegation

  [[nodiscard]] const Answer& at(Place place, int time) const {
    const auto& list = phases[place];
    auto next = std::find_if(list.begin(), list.end(), [&](const Phase& phase) { return phase.from > time; });
    return std::prev(next)->answer;
  }
};

struct NameserverSet {
  int from = 0;
  std::vector<std::size_t> servers{};
  int parent_ttl = 0;
  int child_ttl = 0;
};

const NameserverSet* set_at(const std::vector<NameserverSet>& sets, int time) {
  const NameserverSet* present = nullptr;
  for (const auto& set : sets) {
    if (set.from <= time) present = &set;
  }
  return present;
}

struct World {
  std::vector<Server> servers{};
  std::vector<NameserverSet> zone{};      ///< of example.com
  std::vector<NameserverSet> cut{};       ///< of _domainkey.example.com; none before the first one
  std::vector<NameserverSet> provider{};  ///< of example.net, for ever the same
  /// How much later than the first each server of the parent learns of a change of example.com's delegation.
  std::vector<int> parent_lag{0};
  int quiet = 0;  ///< nothing changes from here on

  /// What one of the parent's servers refers to.
  [[nodiscard]] const NameserverSet& zone_at(int time, std::size_t choice) const {
    const auto* const set = set_at(zone, time - parent_lag[choice % parent_lag.size()]);
    return set == nullptr ? zone.front() : *set;
  }
  /// What all of them refer to.
  [[nodiscard]] NameserverSet zone_union(int time) const {
    NameserverSet all;
    for (std::size_t parent = 0; parent < parent_lag.size(); ++parent) {
      const NameserverSet& set = zone_at(time, parent);
      all.parent_ttl = std::max(all.parent_ttl, set.parent_ttl);
      all.child_ttl = std::max(all.child_ttl, set.child_ttl);
      for (const auto server : set.servers) {
        if (std::find(all.servers.begin(), all.servers.end(), server) == all.servers.end())
          all.servers.push_back(server);
      }
    }
    return all;
  }
  [[nodiscard]] NameserverSet holders(int time) const {
    const NameserverSet* const below = set_at(cut, time);
    return below != nullptr ? *below : zone_union(time);
  }
  /// The moments at which something changes.
  [[nodiscard]] std::vector<int> changes() const {
    std::vector<int> times;
    for (const auto& server : servers) {
      for (const auto& list : server.phases) {
        for (const auto& phase : list) times.push_back(phase.from);
      }
    }
    for (const auto* sets : {&zone, &cut}) {
      for (const auto& set : *sets) times.push_back(set.from);
    }
    for (const auto& set : zone) {
      for (const int lag : parent_lag) times.push_back(set.from == 0 ? 0 : set.from + lag);
    }
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
    return times;
  }
};

// ---- A cache ----

enum class Found : std::uint8_t { new_text, old_text, denied, failed };

class Cache {
 public:
  bool minimises = false;   ///< asks for `_domainkey` first, and believes what is said of it (RFC 9156, 8020)
  bool aggressive = false;  ///< denies from NSEC records (RFC 8198)
  bool child_centric = false;  ///< keeps the zone's own NS records rather than the parent's

  Found ask(const World& world, Place place, int time, std::size_t choice) {
    for (int step = 0; step < 4; ++step) {
      const std::optional<Found> denied = place == selector ? deny(time) : std::nullopt;
      if (denied) return *denied;
      auto& held = records_[place];
      if (!held.valid(time)) {
        if (failure_until_[place] > time) return Found::failed;
        const auto found = fetch(world, place, time, choice);
        if (found) return *found;
      }
      // Held for no time at all means used for this question alone (RFC 8767 section 4).
      switch (held.answer.has) {
        case Has::new_text:
          return Found::new_text;
        case Has::old_text:
          return Found::old_text;
        case Has::to_target:
          place = target;
          break;
        case Has::to_old_target:
          place = old_target;
          break;
        case Has::absent:
        case Has::servfail:
          return Found::denied;
      }
    }
    return Found::failed;
  }

  /// Somebody asks for another name beside the selector, which does not exist.
  void ask_wildcard_name(const World& world, int time, std::size_t choice) {
    if (deny(time)) return;
    const Answer& answer = server_for(world, time, choice).at(selector, time);
    learn_absence(answer, time);
  }

  /// Only the nameservers are learnt.
  void ask_elsewhere(const World& world, int time, std::size_t choice) {
    (void)server_for(world, time, choice);
  }

  [[nodiscard]] int nameservers_until() const { return zone_.until; }
  [[nodiscard]] int cut_until() const { return cut_.until; }

 private:
  /// The last second counts: what came early in one is held until its end, as Unbound does it.
  struct Held {
    Answer answer{};
    int until = -1;
    [[nodiscard]] bool valid(int time) const { return time <= until; }
  };
  struct Nameservers {
    const NameserverSet* set = nullptr;
    int until = -1;
  };

  [[nodiscard]] std::optional<Found> deny(int time) const {
    if (minimises && time <= domainkey_denied_until_) return Found::denied;
    if (aggressive && time <= nsec_until_ && !records_[selector].valid(time)) return Found::denied;
    return std::nullopt;
  }

  void learn_absence(const Answer& answer, int time) {
    if (answer.has != Has::absent) return;
    if (minimises && answer.domainkey_denied) domainkey_denied_until_ = time + answer.ttl;
    if (answer.nsec_ttl > 0) nsec_until_ = time + answer.nsec_ttl;
  }

  [[nodiscard]] int ttl_of(const NameserverSet& set) const {
    return child_centric ? set.child_ttl : set.parent_ttl;
  }

  const Server& server_for(const World& world, int time, std::size_t choice) {
    if (time > cut_.until) {
      if (time > zone_.until) {
        zone_.set = &world.zone_at(time, choice / 2);
        zone_.until = time + ttl_of(*zone_.set);
      }
      const Server& server = world.servers[zone_.set->servers[choice % zone_.set->servers.size()]];
      const NameserverSet* const below = set_at(world.cut, std::min(time, server.frozen));
      if (below == nullptr) return server;
      cut_ = {below, time + ttl_of(*below)};
    }
    return world.servers[cut_.set->servers[choice / 7 % cut_.set->servers.size()]];
  }

  std::optional<Found> fetch(const World& world, Place place, int time, std::size_t choice) {
    const Server& server =
        place == selector ? server_for(world, time, choice)
                          : world.servers[world.provider.front()
                                              .servers[choice / 3 % world.provider.front().servers.size()]];
    const Answer& answer = server.at(place, time);
    if (answer.has == Has::servfail) {
      failure_until_[place] = time + 300;
      return Found::failed;
    }
    if (place == selector) learn_absence(answer, time);
    records_[place] = {answer, time + answer.ttl};
    return std::nullopt;
  }

  std::array<Held, 3> records_{};
  std::array<int, 3> failure_until_{};
  int domainkey_denied_until_ = -1;
  int nsec_until_ = -1;
  Nameservers zone_{};
  Nameservers cut_{};
};

// ---- Our looks ----

checks::WallTime wall(int time) {
  return checks::WallTime{std::chrono::seconds{1'767'225'600 + time}};
}

int since_start(checks::WallTime time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time - wall(0)).count();
  return static_cast<int>(std::clamp<std::int64_t>(seconds, -never, never));
}

DomainName host(std::size_t server) {
  return name("ns" + std::to_string(server) + ".example.org");
}

probe::Exchange exchange(probe::Purpose purpose, const DomainName& question) {
  probe::Exchange made;
  made.purpose = purpose;
  made.question_name = question;
  made.outcome = probe::Outcome::answered;
  made.response.emplace();
  made.response->authoritative = true;
  return made;
}

void deny(probe::Response& response, const DomainName& zone, int ttl, int nsec_ttl, bool nxdomain) {
  if (nxdomain) response.rcode = probe::Rcode::nxdomain;
  probe::SoaRecord soa;
  soa.owner = zone;
  // The smaller one holds, whichever it is.
  soa.ttl_seconds = static_cast<std::uint32_t>(ttl % 2 == 0 ? ttl : ttl + 500);
  soa.minimum_seconds = static_cast<std::uint32_t>(ttl % 2 == 0 ? ttl + 500 : ttl);
  response.soa.push_back(soa);
  if (nsec_ttl > 0) response.nsec_ttl_seconds = static_cast<std::uint32_t>(nsec_ttl);
}

std::vector<probe::Exchange> exchanges_with(const Answer& answer, Place place, const DomainName& owner,
                                            const DomainName& zone) {
  std::vector<probe::Exchange> made;
  auto& record = made.emplace_back(exchange(probe::Purpose::record_plain, owner));
  const auto ttl = static_cast<std::uint32_t>(answer.ttl);
  switch (answer.has) {
    case Has::absent:
      deny(*record.response, zone, answer.ttl, 0, true);
      break;
    case Has::old_text:
      record.response->txt.push_back({ttl, {old_key}});
      break;
    case Has::new_text:
      record.response->txt.push_back({ttl, {new_key}});
      break;
    case Has::to_target:
      record.response->aliases.push_back({owner, name(owners[target]), ttl, false});
      break;
    case Has::to_old_target:
      record.response->aliases.push_back({owner, name(owners[old_target]), ttl, false});
      break;
    case Has::servfail:
      record.response->rcode = probe::Rcode::servfail;
      record.response->authoritative = false;
      return made;
  }
  if (place != selector) return made;
  auto& wildcard_probe =
      made.emplace_back(exchange(probe::Purpose::wildcard_probe, name("x7._domainkey.example.com")));
  deny(*wildcard_probe.response, zone, answer.ttl, answer.nsec_ttl, true);
  auto& domainkey = made.emplace_back(exchange(probe::Purpose::domainkey, name("_domainkey.example.com")));
  deny(*domainkey.response, zone, answer.ttl, 0, answer.domainkey_denied);
  return made;
}

probe::ZoneCut cut_of(const NameserverSet& set, const DomainName& apex) {
  probe::ZoneCut cut;
  cut.apex = apex;
  cut.parent_ns_ttl_seconds = static_cast<std::uint32_t>(set.parent_ttl);
  cut.child_ns_ttl_seconds = static_cast<std::uint32_t>(set.child_ttl);
  for (const auto server : set.servers) {
    cut.parent_ns.push_back({apex, host(server), cut.parent_ns_ttl_seconds});
    cut.child_ns.push_back({apex, host(server), cut.child_ns_ttl_seconds});
  }
  return cut;
}

/// `lost` servers give no answer in this look. Another selector than `s1` has the same records.
probe::Observation observe(const World& world, int time, const std::vector<bool>& lost,
                           const std::string& asked = "s1") {
  probe::Observation observation;
  observation.domain = name("example.com");
  observation.selector = config::Selector::parse(asked).value();
  observation.observed_at = wall(time);
  std::vector<Place> places{selector};
  for (std::size_t next = 0; next < places.size(); ++next) {
    const Place place = places[next];
    auto& hop = observation.key.hops.emplace_back();
    hop.owner =
        place == selector ? observation.selector.owner_name(observation.domain).value() : name(owners[place]);
    const bool is_below = place == selector && set_at(world.cut, time) != nullptr;
    const NameserverSet set = place == selector ? world.holders(time) : world.provider.front();
    if (place == selector) {
      hop.delegation.cuts.push_back(cut_of(world.zone_union(time), name("example.com")));
      if (is_below) hop.delegation.cuts.push_back(cut_of(set, name("_domainkey.example.com")));
    } else {
      hop.delegation.cuts.push_back(cut_of(set, name("example.net")));
    }
    hop.delegation.zone = hop.delegation.cuts.back().apex;
    for (const auto id : set.servers) {
      probe::Nameserver nameserver;
      nameserver.name = host(id);
      nameserver.host = probe::HostOutcome::found;
      hop.delegation.nameservers.push_back(nameserver);
      auto& server = hop.servers.emplace_back();
      server.names = {host(id)};
      server.address = {config::Address::parse("192.0.2." + std::to_string(id + 1)).value(), 53};
      if (lost[id]) {
        auto& silence = server.exchanges.emplace_back(exchange(probe::Purpose::record_plain, hop.owner));
        silence.outcome = probe::Outcome::timed_out;
        silence.response.reset();
        continue;
      }
      const Answer& answer = world.servers[id].at(place, time);
      server.exchanges = exchanges_with(answer, place, hop.owner, hop.delegation.zone);
      const auto lead = [&](Place to) {
        if (std::find(places.begin(), places.end(), to) == places.end()) places.push_back(to);
      };
      if (answer.has == Has::to_target) lead(target);
      if (answer.has == Has::to_old_target) lead(old_target);
    }
  }
  return observation;
}

// ---- Making a world ----

struct Wish {
  int gap = 10;              ///< between two looks, at most
  bool only_absent = false;  ///< nothing was ever published before
  bool all_seen = false;     ///< no phase that leaves a doubt: servers begin wrong, and none fails
  bool may_cut = true;
  bool may_move = true;
  bool one_change = false;  ///< each server is wrong in one way, and then right
  bool may_lag = false;     ///< the parent's servers may learn of a move one after the other
};

class Maker {
 public:
  Maker(std::mt19937& random, Wish wish) : random_(random), wish_(wish) {}

  World make() {
    World world;
    const bool by_alias = !wish_.only_absent && chance(3);
    is_signed_ = chance(2);
    only_selector_ = chance(2);
    const bool moves = wish_.may_move && chance(2);
    const bool cuts = wish_.may_cut && chance(3);
    const auto first = static_cast<std::size_t>(1 + pick(3));
    const auto further = static_cast<std::size_t>(moves || cuts ? 1 + pick(2) : 0);
    // The provider's servers come last, so that they are never those of the selector.
    world.servers.resize(first + further + 2);
    const int change = (moves || cuts) ? 4 * longest() + pick(200) : never;

    std::vector<std::size_t> old_set;
    std::vector<std::size_t> new_set;
    for (std::size_t id = 0; id < first; ++id) old_set.push_back(id);
    for (std::size_t id = 0; id < further; ++id) new_set.push_back(first + id);
    if (first > 1 && (moves || cuts) && chance(2)) new_set.push_back(0);
    const auto stays = [&](std::size_t id) {
      return change == never || std::find(new_set.begin(), new_set.end(), id) != new_set.end();
    };
    int alias_from = never;
    for (std::size_t id = 0; id < first + further; ++id) {
      auto& phases = world.servers[id].phases[selector];
      const bool is_new = id >= first;
      // Until when it may change, and whether it ends with what is right.
      fill(phases, by_alias, is_new ? change : 0, stays(id) ? never : change - shortest(), stays(id));
      for (const auto& phase : phases) {
        if (phase.answer.has == Has::to_target)
          alias_from = std::min(alias_from, std::max(phase.from, is_new ? change : 0));
      }
    }
    world.zone.push_back({0, old_set, pick(900), pick(900)});
    // A provider's own nameservers, and those of the cut that it serves too, may go at once: then the old
    // servers lead to the old cut.
    const bool has_cut = moves && !cuts && wish_.may_cut && chance(3);
    if (has_cut) world.cut.push_back({0, old_set, pick(900), pick(900)});
    if (change != never) {
      if (cuts || has_cut) world.cut.push_back({change, new_set, pick(900), pick(900)});
      if (!cuts) {
        world.zone.push_back({change, new_set, pick(900), pick(900)});
        for (const auto id : old_set) {
          if (!stays(id) && chance(2)) world.servers[id].frozen = change;
        }
      }
    }
    if (wish_.may_lag && world.zone.size() > 1 && chance(2)) world.parent_lag.push_back(pick(300));
    world.provider.push_back({0, {first + further, first + further + 1}, 600, 600});
    for (const auto id : world.provider.front().servers) {
      auto& server = world.servers[id];
      server.phases[old_target] = {{0, {Has::old_text, ttl(), 0, false}}};
      if (alias_from == never) alias_from = 0;
      fill(server.phases[target], false, alias_from, never, true);
      server.phases[target].front().from = 0;
      server.phases[selector] = {{0, {}}};
    }
    world.quiet = world.changes().back();
    return world;
  }

 private:
  [[nodiscard]] int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  [[nodiscard]] bool chance(int of) { return pick(of) == 0; }
  /// A phase lasts long enough to be seen, even when one look is lost.
  [[nodiscard]] int shortest() const { return 2 * wish_.gap + 2; }
  [[nodiscard]] int longest() const { return shortest() + 150; }
  [[nodiscard]] int ttl() {
    constexpr std::array<int, 6> some = {0, 1, 30, 120, 300, 1'000};
    return chance(2) ? some[static_cast<std::size_t>(pick(6))] : pick(700);
  }

  Answer wrong_answer(bool by_alias) {
    Answer answer;
    answer.ttl = ttl();
    const int kind = wish_.only_absent ? pick(4) : pick(9);
    if (kind == 0 && !wish_.all_seen) {
      answer.has = Has::servfail;
    } else if (kind <= 3) {
      answer.has = Has::absent;
      if (is_signed_) answer.nsec_ttl = 1 + ttl();
      answer.domainkey_denied = only_selector_;
    } else if (kind <= 6 || !by_alias) {
      answer.has = Has::old_text;
    } else {
      answer.has = Has::to_old_target;
    }
    return answer;
  }

  void fill(std::vector<Phase>& phases, bool by_alias, int from, int until, bool ends_right) {
    const auto right = [&] { return Answer{by_alias ? Has::to_target : Has::new_text, ttl(), 0, false}; };
    const int count = wish_.one_change ? 1 : 1 + pick(3);
    int time = from;
    // What a new server had before nobody can have got from it.
    // What stands at an alias's target is seen from the alias on, so the alias stays.
    const bool may_return = !wish_.all_seen && !by_alias;
    phases.push_back({0, wrong_answer(by_alias)});
    if (may_return && chance(6)) phases.back().answer = right();
    if (from > 0) phases.push_back({from, wrong_answer(by_alias)});
    if (from > 0 && may_return && chance(2)) phases.back().answer = right();
    for (int i = 1; i < count; ++i) {
      time += shortest() + pick(150);
      if (time >= until) return;
      phases.push_back({time, wrong_answer(by_alias)});
      if (may_return && chance(6)) phases.back().answer = right();
    }
    time += shortest() + pick(150);
    if (ends_right && time < until) phases.push_back({time, right()});
  }

  std::mt19937& random_;
  Wish wish_;
  bool is_signed_ = false;
  bool only_selector_ = false;
};

/// Looks from `from` on; before `own_from` they are at another selector.
checks::SelectorHistory watch(const World& world, int gap, bool steady, std::mt19937& random, int from = 0,
                              int own_from = 0) {
  checks::SelectorHistory history;
  checks::SelectorHistory other;
  checks::ZonePast past;
  bool lost_before = false;
  int time = from + (steady ? 0 : static_cast<int>(random() % static_cast<unsigned>(gap)));
  for (;; time += steady ? gap : 1 + static_cast<int>(random() % static_cast<unsigned>(gap))) {
    std::vector<bool> lost(world.servers.size());
    const bool is_last = time > world.quiet + gap;
    // Never two after one another, so that every phase is seen.
    lost_before = !steady && !is_last && !lost_before && random() % 5 == 0;
    if (lost_before) {
      for (std::size_t id = 0; id < lost.size(); ++id) lost[id] = random() % 2 == 0;
    }
    const bool is_own = is_last || time >= own_from;
    const auto observation = observe(world, time, lost, is_own ? "s1" : "s2");
    checks::extend_all(past, {{is_own ? &history : &other, &observation}}, wall(time));
    if (is_last) return history;
  }
}

checks::RotationPolicy strict_policy() {
  checks::RotationPolicy policy;
  policy.unknown_wait = std::chrono::seconds{0};  // nobody asked before the world began
  return policy;
}

checks::NewKey wanted_key(bool never_used) {
  checks::NewKey key;
  key.sha256 = checks::read_key_record(new_key).key->sha256;
  key.never_used = never_used;
  return key;
}

std::optional<std::string> gone_key() {
  return checks::read_key_record(old_key).key->sha256;
}

std::string story(const World& world) {
  constexpr std::array<const char*, 6> words = {"absent", "old", "new", "->target", "->old", "servfail"};
  std::string text;
  for (std::size_t id = 0; id < world.servers.size(); ++id) {
    for (const Place place : {selector, target}) {
      text += "server " + std::to_string(id) + (place == target ? " target:" : ":");
      for (const auto& phase : world.servers[id].phases[place]) {
        text += " " + std::to_string(phase.from) + "=" + words[static_cast<std::size_t>(phase.answer.has)] +
                "/" + std::to_string(phase.answer.ttl) + "/" + std::to_string(phase.answer.nsec_ttl) +
                (phase.answer.domainkey_denied ? "d" : "");
      }
      text += world.servers[id].frozen == never ? "\n" : " frozen\n";
    }
  }
  for (const int lag : world.parent_lag) text += "parent lags " + std::to_string(lag) + "\n";
  for (const auto* sets : {&world.zone, &world.cut}) {
    text += sets == &world.zone ? "zone:" : "cut:";
    for (const auto& set : *sets) {
      text += " " + std::to_string(set.from) + "/" + std::to_string(set.parent_ttl) + "/" +
              std::to_string(set.child_ttl) + "[";
      for (const auto id : set.servers) text += " " + std::to_string(id);
      text += " ]";
    }
    text += "\n";
  }
  return text;
}

std::string story(const checks::SafeTime& safe) {
  std::string text = safe.at ? "at " + std::to_string(since_start(*safe.at)) : "no time";
  for (const auto& reasons : safe.reasons) {
    text += "\n  " + std::string(reasons.name()) + " " +
            (reasons.until ? std::to_string(since_start(*reasons.until)) : "-") + " " + reasons.detail.str();
  }
  return text;
}

/// Whether what decides is an absence that is assumed, as it is for a name that an alias led to later: nobody
/// saw what stood there before, so the time is later than need be.
bool is_assumed(const checks::SafeTime& safe) {
  const auto latest = std::max_element(safe.reasons.begin(), safe.reasons.end(),
                                       [](const auto& a, const auto& b) { return a.until < b.until; });
  return latest != safe.reasons.end() && latest->name() == "negative_ttl" &&
         latest->detail.str().find("before its first probe is unknown") != std::string::npos;
}

Cache any_cache(std::mt19937& random) {
  Cache cache;
  cache.minimises = random() % 2 == 0;
  cache.aggressive = random() % 2 == 0;
  cache.child_centric = random() % 2 == 0;
  return cache;
}

/// Caches that were asked at the worst moments: just before a change, or just before the nameservers that
/// they knew before a change ran out.
std::vector<Cache> primed_caches(const World& world, bool may_ask, std::size_t choices) {
  std::vector<Cache> caches;
  for (const int change : world.changes()) {
    if (change == 0) continue;
    for (unsigned kind = 0; kind < 8; ++kind) {
      for (std::size_t choice = 0; choice < choices; ++choice) {
        Cache fresh;
        fresh.minimises = (kind & 1U) != 0;
        fresh.aggressive = (kind & 2U) != 0;
        fresh.child_centric = (kind & 4U) != 0;
        Cache direct = fresh;
        if (may_ask) direct.ask(world, selector, change - 1, choice);
        direct.ask_wildcard_name(world, change - 1, choice);
        caches.push_back(direct);
        Cache late = fresh;
        late.ask_elsewhere(world, change - 1, choice);
        const int last = std::max(change - 1, late.nameservers_until());
        if (may_ask) late.ask(world, selector, last, choice);
        late.ask_wildcard_name(world, last, choice);
        caches.push_back(late);
        if (world.cut.empty()) continue;
        // At the end of the zone's old nameservers it learns from them the old ones of the cut.
        Cache latest = fresh;
        latest.ask_elsewhere(world, change - 1, choice);
        latest.ask_elsewhere(world, last, choice);
        const int end = std::max(last, latest.cut_until() - 1);
        if (may_ask) latest.ask(world, selector, end, choice);
        latest.ask_wildcard_name(world, end, choice);
        caches.push_back(latest);
      }
    }
  }
  return caches;
}

/// Caches that people ask at random, more often just before something changes.
std::vector<Cache> busy_caches(const World& world, int until, bool may_ask, std::mt19937& random) {
  std::vector<Cache> caches;
  const auto changes = world.changes();
  for (int i = 0; i < 12; ++i) {
    Cache cache = any_cache(random);
    std::vector<int> times;
    for (int n = 0; n < 12; ++n)
      times.push_back(static_cast<int>(random() % static_cast<unsigned>(until + 1)));
    for (const int change : changes) {
      if (change > 0 && random() % 2 == 0) times.push_back(change - 1 - static_cast<int>(random() % 2));
    }
    std::sort(times.begin(), times.end());
    for (const int time : times) {
      if (time < 0 || time >= until) continue;
      switch (random() % 4) {
        case 0:
          cache.ask_wildcard_name(world, time, random());
          break;
        case 1:
          cache.ask_elsewhere(world, time, random());
          break;
        default:
          if (may_ask) cache.ask(world, selector, time, random());
      }
    }
    caches.push_back(cache);
  }
  return caches;
}

constexpr int worlds_a_case = 5;
constexpr std::size_t every_choice = 28;  // of servers: up to 4 of one set, which the cache takes apart

}  // namespace

TEST_CASE("from the safe time on, no cache returns an outdated answer") {
  CHECK(rc::check([](std::uint32_t seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < worlds_a_case; ++i) {
      Wish wish;
      wish.gap = 5 + static_cast<int>(random() % 40);
      wish.only_absent = random() % 3 == 0;
      wish.may_lag = true;
      const bool never_used = wish.only_absent;
      const World world = Maker(random, wish).make();
      const auto history = watch(world, wish.gap, false, random);
      const auto verdict =
          checks::safe_to_sign(history, wanted_key(never_used), {}, strict_policy(), *history.last_probe);
      const auto gone = checks::gone(history, gone_key(), strict_policy(), *history.last_probe);
      const auto fail = [&](const std::string& why) {
        RC_LOG(story(world) + story(verdict.safe) + "\ngone: " + story(gone.gone));
        RC_FAIL(why);
      };
      if (!verdict.safe.at || !gone.gone.at) fail("no time");
      const int safe_at = std::max(world.quiet, since_start(*verdict.safe.at));
      const int gone_at = std::max(world.quiet, since_start(*gone.gone.at));
      // Whoever promised that nobody asks waits for the safe time himself.
      for (const bool is_primed : {false, true}) {
        const auto caches = is_primed ? primed_caches(world, !never_used, 5)
                                      : busy_caches(world, safe_at, !never_used, random);
        for (const Cache& cache : caches) {
          for (const int after : {0, 1, 50, 400}) {
            Cache asked = cache;
            if (asked.ask(world, selector, safe_at + after, random()) != Found::new_text) fail("too early");
          }
          Cache asked = cache;
          if (asked.ask(world, selector, gone_at, random()) == Found::old_text) fail("not gone");
        }
      }
    }
  }));
}

TEST_CASE("the safe time holds when other selectors' probes saw the zones") {
  CHECK(rc::check([](std::uint32_t seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < worlds_a_case; ++i) {
      Wish wish;
      wish.gap = 5 + static_cast<int>(random() % 40);
      wish.only_absent = true;
      wish.may_lag = true;
      const bool never_used = random() % 2 == 0;
      const World world = Maker(random, wish).make();
      const int own_from = static_cast<int>(random() % static_cast<unsigned>(world.quiet + 2 * wish.gap));
      const auto history = watch(world, wish.gap, false, random, 0, own_from);
      checks::RotationPolicy policy;
      policy.unknown_wait = std::chrono::seconds{1'100};  // longer than any TTL of these worlds
      const auto verdict =
          checks::safe_to_sign(history, wanted_key(never_used), {}, policy, *history.last_probe);
      const auto fail = [&](const std::string& why) {
        RC_LOG("own looks from " + std::to_string(own_from) + "\n" + story(world) + story(verdict.safe));
        RC_FAIL(why);
      };
      if (!verdict.safe.at) fail("no time");
      const int safe_at = std::max(world.quiet, since_start(*verdict.safe.at));
      for (const bool is_primed : {false, true}) {
        const auto caches = is_primed ? primed_caches(world, !never_used, 5)
                                      : busy_caches(world, safe_at, !never_used, random);
        for (const Cache& cache : caches) {
          for (const int after : {0, 1, 50}) {
            Cache asked = cache;
            if (asked.ask(world, selector, safe_at + after, random()) != Found::new_text) fail("too early");
          }
        }
      }
    }
  }));
}

TEST_CASE("the safe time holds whatever servers had before the first probe") {
  CHECK(rc::check([](std::uint32_t seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < worlds_a_case; ++i) {
      Wish wish;
      wish.gap = 5 + static_cast<int>(random() % 40);
      wish.may_cut = false;
      wish.may_move = false;
      wish.one_change = true;
      const World world = Maker(random, wish).make();
      const int first_probe = static_cast<int>(random() % static_cast<unsigned>(world.quiet + 1));
      const auto history = watch(world, wish.gap, false, random, first_probe);
      checks::RotationPolicy policy;
      policy.unknown_wait = std::chrono::seconds{1'100};  // longer than any TTL of these worlds
      const auto verdict = checks::safe_to_sign(history, wanted_key(false), {}, policy, *history.last_probe);
      const auto fail = [&](const std::string& why) {
        RC_LOG("first look " + std::to_string(first_probe) + "\n" + story(world) + story(verdict.safe));
        RC_FAIL(why);
      };
      if (!verdict.safe.at) fail("no time");
      const int safe_at = std::max(world.quiet, since_start(*verdict.safe.at));
      for (const Cache& cache : primed_caches(world, true, 5)) {
        Cache asked = cache;
        if (asked.ask(world, selector, safe_at, random()) != Found::new_text) fail("too early");
      }
    }
  }));
}

TEST_CASE("if everything was seen, some cache returns an outdated answer until just before the safe time") {
  CHECK(rc::check([](std::uint32_t seed) {
    std::mt19937 random(seed);
    Wish wish;
    wish.gap = 9;
    wish.all_seen = true;
    wish.may_cut = false;
    const World world = Maker(random, wish).make();
    const auto history = watch(world, wish.gap, true, random);
    const auto verdict =
        checks::safe_to_sign(history, wanted_key(false), {}, strict_policy(), *history.last_probe);
    const auto gone = checks::gone(history, gone_key(), strict_policy(), *history.last_probe);
    RC_LOG(story(world));
    RC_LOG(story(verdict.safe));
    RC_LOG(story(gone.gone));
    RC_ASSERT(verdict.safe.at.has_value());
    RC_ASSERT(gone.gone.at.has_value());
    const auto caches = primed_caches(world, true, every_choice);
    // One look's time passes until a change is seen; two seconds are lost between a moment and the one
    // before.
    const int early = since_start(*verdict.safe.at) - wish.gap - 2;
    const int still_there = since_start(*gone.gone.at) - wish.gap - 2;
    const auto answers = [&](int time, auto is_wanted) {
      return std::any_of(caches.begin(), caches.end(), [&](Cache cache) {
        for (std::size_t choice = 0; choice < every_choice; ++choice) {
          Cache asked = cache;
          if (is_wanted(asked.ask(world, selector, time, choice))) return true;
        }
        return false;
      });
    };
    if (!is_assumed(verdict.safe))
      RC_ASSERT(answers(early, [](Found found) { return found != Found::new_text; }));
    const bool was_there =
        std::any_of(history.servers.begin(), history.servers.end(), [](const auto& timeline) {
          return std::any_of(timeline.periods.begin(), timeline.periods.end(), [](const auto& period) {
            return period.texts == std::vector<std::vector<std::string>>{{old_key}};
          });
        });
    if (was_there) RC_ASSERT(answers(still_there, [](Found found) { return found == Found::old_text; }));
  }));
}
