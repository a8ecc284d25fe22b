#include "probe/discovery/walk_board.hpp"

#include <algorithm>
#include <utility>

#include "probe/discovery/address_policy.hpp"

namespace dkimprobe::probe {
namespace {

using config::Address;
using config::DomainName;
using config::ServerAddress;
using std::chrono::seconds;

// A zone with more nameserver names is not cached.
constexpr std::size_t most_names_cached = 64;
// The most distinct referrals to one zone that are kept; no honest parent comes near.
constexpr std::size_t most_referrals = 8;
// Number of questions to one server in a walk before unknown servers are preferred.
constexpr std::uint32_t questions_before_spreading = 12;

std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

/// Adds another server's records to a set: each target once, with the longest TTL.
void unite(std::vector<NsRecord>& set, const std::vector<NsRecord>& more) {
  for (const NsRecord& record : more) {
    const auto same = std::ranges::find(set, record.target, &NsRecord::target);
    if (same != set.end()) {
      same->ttl_seconds = std::max(same->ttl_seconds, record.ttl_seconds);
    } else if (set.size() < most_names_of_a_zone) {
      set.push_back(record);
    }
  }
}

bool same_targets(const std::vector<NsRecord>& a, const std::vector<NsRecord>& b) {
  return a.size() == b.size() && std::ranges::all_of(a, [&](const NsRecord& record) {
           return std::ranges::find(b, record.target, &NsRecord::target) != b.end();
         });
}

bool same_ds(const std::vector<DsRecord>& a, const std::vector<DsRecord>& b) {
  const auto key = [](const DsRecord& ds) {
    return std::tuple(ds.key_tag, ds.algorithm, ds.digest_type, ds.digest);
  };
  return a.size() == b.size() && std::ranges::is_permutation(a, b, {}, key, key);
}

}  // namespace

void add_address(std::vector<Address>& addresses, const Address& address, std::size_t most) {
  if (addresses.size() < most && std::ranges::find(addresses, address) == addresses.end()) {
    addresses.push_back(address);
  }
}

void add_nameservers(std::vector<Nameserver>& nameservers, std::vector<DomainName>& cut_off,
                     const std::vector<NsRecord>& set, bool from_parent, std::size_t most) {
  for (const NsRecord& record : set) {
    auto same = std::ranges::find(nameservers, record.target, &Nameserver::name);
    if (same == nameservers.end()) {
      if (nameservers.size() >= most) {
        if (std::ranges::find(cut_off, record.target) == cut_off.end()) cut_off.push_back(record.target);
        continue;
      }
      same = nameservers.insert(nameservers.end(), Nameserver{});
      same->name = record.target;
    }
    (from_parent ? same->in_parent : same->in_child) = true;
  }
}

std::uint32_t referral_index(ZoneCut& cut, const Reading& reading) {
  for (std::uint32_t i = 0; i < cut.referrals.size(); ++i) {
    Referral& known = cut.referrals[i];
    // An answer without DO=1 does not show whether there is a DS.
    if (!same_targets(known.ns, reading.ns) || (reading.ds_known && !same_ds(known.ds, reading.ds))) continue;
    if (known.sets.empty()) known.sets = reading.sets;
    return i;
  }
  if (cut.referrals.size() < most_referrals)
    cut.referrals.push_back({reading.ns, reading.glue, reading.ds, reading.sets});
  return static_cast<std::uint32_t>(cut.referrals.size() - 1);
}

WalkBoard::WalkBoard(DomainName target, const config::ProbeSettings& settings, ZoneCache& cache,
                     MonotonicTime now)
    : target_(std::move(target)),
      settings_(&settings),
      cache_(&cache),
      now_(now),
      deadline_(now + settings.budgets.discovery_timeout),
      questions_allowed_(settings.budgets.queries_per_zone) {
  add_root();
  watch_ = InterceptionWatch(servers_of(root()));
}

void WalkBoard::set_now(MonotonicTime now) {
  now_ = now;
  wake_ = MonotonicTime::max();
}

// ---- Zones ----

void WalkBoard::add_root() {
  auto root = std::make_unique<WalkZone>();
  root->facts.parents_asked = true;
  for (const config::NamedServer& hint : settings_->root_servers) {
    auto& nameservers = root->facts.nameservers;
    auto same = std::ranges::find(nameservers, hint.name, &Nameserver::name);
    if (same == nameservers.end()) {
      same = nameservers.insert(nameservers.end(), Nameserver{});
      same->name = hint.name;
      same->in_parent = true;
      same->host = HostOutcome::found;
    }
    add_address(same->glue, hint.ip, settings_->budgets.addresses_per_zone);
  }
  zones_.emplace(DomainName{}, std::move(root));
}

WalkZone* WalkBoard::load_zone(const DomainName& apex) {
  if (const auto found = zones_.find(apex); found != zones_.end()) return found->second.get();
  auto known = cache_->zone(apex, now_);
  if (!known || apex.is_root() || !apex.is_at_or_below(known->parent) || apex == known->parent)
    return nullptr;
  WalkZone* parent = load_zone(known->parent);
  if (parent == nullptr) return nullptr;
  auto zone = std::make_unique<WalkZone>();
  zone->facts = std::move(*known);
  zone->parent = parent;
  if (zone->facts.outcome) {
    for (const Nameserver& nameserver : zone->facts.nameservers) {
      if (nameserver.host == HostOutcome::unknown && nameserver.addresses.empty()) continue;
      HostFacts facts;
      facts.ended = true;
      facts.outcome = nameserver.host;
      facts.addresses = nameserver.addresses;
      facts.ipv4_known = !nameserver.ipv4_unknown;
      facts.ipv6_known = !nameserver.ipv6_unknown;
      facts.life = ZoneCache::shortest_life;
      hosts_.try_emplace(nameserver.name, std::move(facts));
    }
  }
  return zones_.emplace(apex, std::move(zone)).first->second.get();
}

void WalkBoard::add_glue(KnownZone& facts, const Reading& reading) const {
  for (const AddressRecord& record : reading.glue) {
    for (Nameserver& nameserver : facts.nameservers) {
      if (nameserver.name == record.owner)
        add_address(nameserver.glue, record.address, settings_->budgets.addresses_per_zone);
    }
  }
}

void WalkBoard::add_referral(KnownZone& facts, const Reading& reading) const {
  unite(facts.cut.parent_ns, reading.ns);
  facts.cut.parent_ns_ttl_seconds = longest_ttl(facts.cut.parent_ns);
  add_nameservers(facts.nameservers, facts.nameservers_cut_off, reading.ns, true,
                  settings_->budgets.nameservers_per_zone);
  add_glue(facts, reading);
  static_cast<void>(referral_index(facts.cut, reading));
}

WalkZone& WalkBoard::enter_zone(WalkZone& parent, const Reading& reading, const ServerAddress& from) {
  auto& place = zones_[reading.cut];
  const bool fresh = place == nullptr;
  if (fresh) place = std::make_unique<WalkZone>();
  KnownZone& facts = place->facts;
  if (fresh) {
    place->parent = &parent;
    facts.parent = parent.apex();
    facts.cut.apex = reading.cut;
    facts.cut.parent = parent.apex();
    facts.until = ZoneCache::end_of_life(reading.life, now_);
  }
  if (reading.kind == Reading::Kind::referral) {
    add_referral(facts, reading);
  } else {
    add_child_set(*place, reading);
    if (std::ranges::find(facts.also_at, from) == facts.also_at.end()) facts.also_at.push_back(from);
    facts.answers = true;
  }
  changed();
  if (fresh) store(*place, seconds{0});
  return *place;
}

void WalkBoard::add_given(WalkZone& zone, const AddressRecord& record) {
  const bool is_named = std::ranges::find(zone.facts.nameservers, record.owner, &Nameserver::name) !=
                        zone.facts.nameservers.end();
  const bool is_known = std::ranges::any_of(zone.given, [&](const AddressRecord& known) {
    return known.owner == record.owner && known.address == record.address;
  });
  if (is_named && !is_known && zone.given.size() < settings_->budgets.addresses_per_zone)
    zone.given.push_back(record);
}

void WalkBoard::add_child_set(WalkZone& zone, const Reading& child_set) {
  KnownZone& facts = zone.facts;
  unite(facts.cut.child_ns, child_set.ns);
  facts.cut.child_ns_ttl_seconds = longest_ttl(facts.cut.child_ns);
  add_nameservers(facts.nameservers, facts.nameservers_cut_off, child_set.ns, false,
                  settings_->budgets.nameservers_per_zone);
  for (const AddressRecord& record : child_set.glue) add_given(zone, record);
}

void WalkBoard::store(const WalkZone& zone, seconds outcome_life) {
  const KnownZone& facts = zone.facts;
  const bool fits = facts.cut.parent_ns.size() <= most_names_cached &&
                    facts.cut.child_ns.size() <= most_names_cached &&
                    facts.nameservers_cut_off.size() <= most_names_cached;
  if (fits && zone.parent != nullptr) cache_->put_zone(facts, outcome_life, now_);
}

void WalkBoard::give_up(WalkZone& zone, DiscoveryOutcome outcome, bool met_local_error) {
  if (met_local_error) return;
  zone.facts.outcome = outcome;
  store(zone, ZoneCache::failure_life);
}

std::vector<ServerAddress> WalkBoard::addresses_of(const WalkZone& zone, const Nameserver& nameserver) const {
  if (zone.parent == nullptr)
    return addresses_with_name(settings_->root_servers, nameserver.name, settings_->port);
  std::vector<ServerAddress> addresses;
  for (const Address& address : nameserver.glue) addresses.push_back({address, settings_->port});
  const HostFacts* facts = host(nameserver.name);
  if (facts == nullptr || !facts->ended || facts->outcome != HostOutcome::found) return addresses;
  for (const Address& address : facts->addresses) addresses.push_back({address, settings_->port});
  return addresses;
}

std::vector<NamedAddress> WalkBoard::addresses_of(const WalkZone& zone) const {
  std::vector<NamedAddress> all;
  const auto entry_for = [&](const ServerAddress& address) -> std::vector<DomainName>& {
    const auto known = std::ranges::find(all, address, &NamedAddress::address);
    return known == all.end() ? all.emplace_back(NamedAddress{address, {}}).names : known->names;
  };
  const auto add = [&](const ServerAddress& address, const DomainName& name) {
    auto& names = entry_for(address);
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const Nameserver& nameserver : zone.facts.nameservers) {
    for (const ServerAddress& address : addresses_of(zone, nameserver)) add(address, nameserver.name);
  }
  for (const AddressRecord& given : zone.given) add({given.address, settings_->port}, given.owner);
  for (const ServerAddress& server : zone.facts.also_at) entry_for(server);
  return all;
}

std::vector<ServerAddress> WalkBoard::servers_of(const WalkZone& zone) const {
  std::vector<ServerAddress> servers;
  for (const NamedAddress& known : addresses_of(zone)) {
    if (why_not_asked(*settings_, *cache_, now_, known.address.ip, servers.size()) == NotAsked::asked)
      servers.push_back(known.address);
  }
  return servers;
}

// ---- Nameserver names ----

HostFacts* WalkBoard::host(const DomainName& name) {
  const auto found = hosts_.find(name);
  return found == hosts_.end() ? nullptr : &found->second;
}

const HostFacts* WalkBoard::host(const DomainName& name) const {
  const auto found = hosts_.find(name);
  return found == hosts_.end() ? nullptr : &found->second;
}

// ---- Servers ----

WalkBoard::Server& WalkBoard::server(const ServerAddress& address) {
  const auto [found, fresh] = servers_.try_emplace(address);
  if (fresh) found->second.was_silent_before = cache_->server(address, now_) == ServerState::silent;
  return found->second;
}

bool WalkBoard::is_useless(const WalkZone& zone, const ServerAddress& address) {
  return std::ranges::find(zone.facts.useless_at, address) != zone.facts.useless_at.end();
}

const ServerAddress* WalkBoard::best_of(const WalkZone& zone, const std::vector<ServerAddress>& candidates) {
  const ServerAddress* best = nullptr;
  std::uint64_t best_rank = 0;
  for (const ServerAddress& candidate : candidates) {
    const std::uint64_t its_rank = rank(zone, candidate);
    if (best != nullptr && its_rank >= best_rank) continue;
    best = &candidate;
    best_rank = its_rank;
  }
  return best;
}

/// Lower is better.
std::uint64_t WalkBoard::rank(const WalkZone& zone, const ServerAddress& address) {
  constexpr std::uint64_t neutral = 1;
  constexpr std::uint64_t doubtful = 200;
  constexpr std::uint64_t useless = 201;
  constexpr std::uint64_t silent = 202;
  const Server& memory = server(address);
  const auto family = static_cast<std::size_t>(address.ip.family());
  std::uint64_t kind = neutral;
  if (is_useless(zone, address)) {
    kind = useless;
  } else if (memory.answered) {
    kind = std::min<std::uint64_t>(memory.sent / questions_before_spreading, doubtful);
  } else if (memory.was_silent_before || memory.silent) {
    kind = silent;
  } else if (family_silent_[family] && !family_answered_[family]) {
    // If an address family fails silently, wait for it once, not once for each zone.
    kind = doubtful;
  }
  const std::uint64_t spread =
      mixed(std::hash<DomainName>{}(target_) ^ mixed(std::hash<ServerAddress>{}(address)));
  return (kind << 56U) | (spread >> 8U);
}

// ---- Questions ----

std::optional<std::uint32_t> WalkBoard::ask(WalkQuestion question) {
  if (questions_asked_ >= questions_allowed_) {
    out_of_questions_ = true;
    return std::nullopt;
  }
  Server& memory = server(question.server);
  question.ticket = next_ticket_++;
  // For a server that was silent recently, one attempt is enough.
  question.attempts = memory.was_silent_before && !memory.answered
                          ? std::uint8_t{1}
                          : static_cast<std::uint8_t>(settings_->attempts);
  question.first_wait = settings_->initial_timeout;
  ++questions_asked_;
  ++memory.sent;
  changed();
  questions_.push_back(question);
  return question.ticket;
}

void WalkBoard::ask_for_watch() {
  for (InterceptionWatch::Question& wanted : watch_.take_questions())
    later_for_watch_.emplace_back(now_ + wanted.delay, std::move(wanted));
  for (auto at = later_for_watch_.begin(); at != later_for_watch_.end();) {
    const auto& [due, wanted] = *at;
    if (due > now_) {
      wake_by(due);
      ++at;
      continue;
    }
    WalkQuestion question;
    question.server = wanted.server;
    question.zone = wanted.zone;
    question.name = wanted.name;
    question.type = wanted.type;
    question.purpose = wanted.type == RecordType::soa  ? Purpose::zone_soa
                       : wanted.type == RecordType::ns ? Purpose::cut
                                                       : Purpose::host_address;
    if (!ask(std::move(question))) return;
    at = later_for_watch_.erase(at);
  }
}

std::vector<WalkQuestion> WalkBoard::take_questions() {
  return std::exchange(questions_, {});
}

std::optional<Reading> WalkBoard::note(WalkZone& zone, const WalkQuestion& question,
                                       const Exchange& exchange) {
  Server& memory = server(question.server);
  const auto family = static_cast<std::size_t>(question.server.ip.family());
  switch (exchange.outcome) {
    case Outcome::answered: {
      memory.answered = true;
      family_answered_[family] = true;
      cache_->put_server(question.server, ServerState::answered, now_);
      if (!exchange.response) return Reading{};
      Reading reading = read_answer(zone.apex(), question.name, question.type, *exchange.response);
      // Ignore any authority that it claims.
      if (watch_.is_resolver(question.server)) {
        reading = Reading{};
        reading.from_recursor = true;
      }
      if (reading.kind == Reading::Kind::useless) {
        if (!is_useless(zone, question.server)) zone.facts.useless_at.push_back(question.server);
      } else {
        // An answer shows that the zone is not dead after all.
        if (zone.facts.is_dead()) zone.facts.outcome.reset();
        zone.facts.answers = true;
      }
      return reading;
    }
    case Outcome::malformed:
      return Reading{};
    case Outcome::timed_out:
    case Outcome::unreachable:
    case Outcome::connection_refused:
    case Outcome::connection_reset:
    case Outcome::connection_closed:
      memory.silent = !memory.answered;
      family_silent_[family] = true;
      cache_->put_server(question.server, ServerState::silent, now_);
      return std::nullopt;
    case Outcome::no_route:
      cache_->put_no_route(question.server.ip.family(), now_);
      return std::nullopt;
    case Outcome::local_error:
    case Outcome::interrupted:
    case Outcome::superseded:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace dkimprobe::probe
