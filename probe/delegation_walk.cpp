#include "probe/delegation_walk.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "probe/response_reader.hpp"

namespace dkimprobe::probe {
namespace {

using config::Address;
using config::DomainName;
using config::ServerAddress;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Walks for nameserver names of the last zone that are under way at once.
constexpr std::size_t most_lookups_at_once = 4;
// Names of one NS set that are looked at, even to be told as cut off; no honest zone comes near.
constexpr std::size_t most_names_of_a_zone = 256;
// A zone with more names is not worth its place in the cache.
constexpr std::size_t most_names_cached = 64;
// Questions that one server gets in a walk before others of unknown quality are tried instead of it.
constexpr std::uint32_t questions_before_spreading = 12;

/// What a response means for a question that was put to a server of a zone.
struct Reading {
  enum class Kind : std::uint8_t {
    useless,    ///< an error, no authority, or a referral that leads nowhere below
    referral,   ///< a zone begins at `cut`, on other servers
    apex_here,  ///< a zone begins at the name asked, on this very server
    addresses,
    no_data,
    denied,
    alias,
  };
  Kind kind = Kind::useless;
  DomainName cut{};
  std::vector<NsRecord> ns{};
  std::vector<AddressRecord> glue{};
  std::vector<Address> addresses{};
  seconds life{0};
};

seconds negative_life(const Response& response) {
  seconds life{0};
  for (const SoaRecord& soa : response.soa) {
    life = std::max(life, seconds{std::min(soa.ttl_seconds, soa.minimum_seconds)});
  }
  return life;
}

/// The records of `from` that `owner` owns, each target once.
std::vector<NsRecord> ns_set(const std::vector<NsRecord>& from, const DomainName& owner) {
  std::vector<NsRecord> set;
  std::unordered_set<DomainName> seen;
  for (const NsRecord& record : from) {
    if (set.size() >= most_names_of_a_zone) break;
    if (record.owner == owner && seen.insert(record.target).second) set.push_back(record);
  }
  return set;
}

std::uint32_t shortest_ttl(const std::vector<NsRecord>& set) {
  std::uint32_t shortest = std::numeric_limits<std::uint32_t>::max();
  for (const NsRecord& record : set) shortest = std::min(shortest, record.ttl_seconds);
  return set.empty() ? 0 : shortest;
}

/// A referral from the zone `apex` towards `name` (RFC 1034 section 4.3.2 step 3b). One that leads upwards,
/// to the same zone or beside the name is none.
std::optional<Reading> read_referral(const DomainName& apex, const DomainName& name,
                                     const Response& response) {
  const auto first =
      std::find_if(response.referral.begin(), response.referral.end(), [&](const NsRecord& record) {
        return !(record.owner == apex) && record.owner.is_at_or_below(apex) &&
               name.is_at_or_below(record.owner);
      });
  if (first == response.referral.end()) return std::nullopt;
  Reading reading;
  reading.kind = Reading::Kind::referral;
  reading.cut = name.suffix(first->owner.label_count());
  reading.ns = ns_set(response.referral, first->owner);
  reading.life = seconds{shortest_ttl(reading.ns)};
  std::unordered_set<DomainName> named;
  for (const NsRecord& record : reading.ns) named.insert(record.target);
  for (const AddressRecord& record : response.glue) {
    // A server can vouch for nothing outside the zone that it was asked as a server of.
    if (record.owner.is_at_or_below(apex) && named.contains(record.owner)) reading.glue.push_back(record);
  }
  return reading;
}

Reading read_response(const DomainName& apex, const DomainName& name, RecordType type,
                      const Response& response) {
  Reading reading;
  const bool existence_told = response.rcode == Rcode::noerror || response.rcode == Rcode::nxdomain;
  if (!existence_told) return reading;
  const bool empty = response.ns.empty() && response.addresses.empty() && response.aliases.empty();
  // Some servers set AA on referrals. An empty answer without SOA that names a zone below is one.
  if (response.rcode == Rcode::noerror && empty && (!response.authoritative || response.soa.empty())) {
    if (auto referral = read_referral(apex, name, response)) return *referral;
  }
  if (!response.authoritative) return reading;
  if (type == RecordType::ns) {
    reading.ns = ns_set(response.ns, name);
    if (!reading.ns.empty()) {
      reading.kind = Reading::Kind::apex_here;
      reading.cut = name;
      reading.life = seconds{shortest_ttl(reading.ns)};
      return reading;
    }
  } else {
    std::uint32_t ttl = std::numeric_limits<std::uint32_t>::max();
    const config::Family family = type == RecordType::a ? config::Family::ipv4 : config::Family::ipv6;
    for (const AddressRecord& record : response.addresses) {
      if (!(record.owner == name) || record.address.family() != family) continue;
      reading.addresses.push_back(record.address);
      ttl = std::min(ttl, record.ttl_seconds);
    }
    if (!reading.addresses.empty()) {
      reading.kind = Reading::Kind::addresses;
      reading.life = seconds{ttl};
      return reading;
    }
  }
  // What was cut short says nothing about what is missing.
  if (response.truncated) return reading;
  reading.life = negative_life(response);
  if (!response.aliases.empty()) {
    reading.kind = Reading::Kind::alias;
  } else {
    reading.kind = response.rcode == Rcode::nxdomain ? Reading::Kind::denied : Reading::Kind::no_data;
  }
  return reading;
}

std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

void add_address(std::vector<Address>& addresses, const Address& address, std::size_t most) {
  if (addresses.size() < most && std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
    addresses.push_back(address);
  }
}

}  // namespace

class DelegationWalk::State {
 public:
  State(DomainName target, const config::ProbeSettings& settings, ZoneCache& cache, MonotonicTime now);

  std::vector<AskServer> next(MonotonicTime now);
  void finished(std::uint32_t ticket, const Exchange& exchange, MonotonicTime now);
  [[nodiscard]] bool done() const { return stage_ == Stage::done; }
  [[nodiscard]] MonotonicTime deadline() const { return deadline_; }
  void interrupt() {
    if (!done()) end(DiscoveryOutcome::interrupted);
  }
  Delegation take_result() { return std::move(result_); }

 private:
  /// A zone as this walk knows it.
  struct Zone {
    KnownZone facts{};
    Zone* parent = nullptr;  ///< null for the root
    std::vector<ServerAddress> root_addresses{};

    [[nodiscard]] const DomainName& apex() const { return facts.cut.apex; }
  };

  struct Host;

  /// One question to a zone, put to one of its servers after the other until one gives an answer of use.
  struct Question : std::enable_shared_from_this<Question> {
    Zone* zone = nullptr;
    DomainName name{};
    RecordType type = RecordType::ns;
    Purpose purpose = Purpose::cut;
    Host* asker = nullptr;  ///< null for the walk to the target itself
    std::uint32_t depth = 0;

    enum class State : std::uint8_t { open, answered, failed };
    State state = State::open;
    bool under_way = false;
    struct Try {
      std::uint32_t count = 0;
      bool silent = false;
    };
    std::unordered_map<ServerAddress, Try> tries{};
    std::vector<Host*> waiting_for{};
    bool heard_anything = false;  ///< some server answered, even if without use
    bool met_loop = false;
    bool met_budget = false;
    bool met_local_error = false;  ///< of this machine: nothing is known of the server
    Reading reading{};
    ServerAddress answered_by{};
  };
  using QuestionPointer = std::shared_ptr<Question>;

  /// The way from the top to the zone that holds a name.
  struct Descent {
    DomainName target{};
    Host* asker = nullptr;
    std::uint32_t depth = 0;
    Zone* zone = nullptr;
    std::size_t labels = 0;  ///< of the target, from the right, that are dealt with
    std::size_t zones_seen = 0;
    enum class Asking : std::uint8_t { nothing, label, apex };
    Asking asking = Asking::nothing;
    QuestionPointer question{};
    bool straight_to_target = false;  ///< a minimised name was denied or brought errors only
    bool target_denied = false;
    std::vector<DomainName> denied{};
    bool ended = false;
    bool met_local_error = false;
    std::optional<DiscoveryOutcome> failure{};  ///< when it ended at a zone whose servers are of no use
  };

  /// The search for the addresses of one nameserver.
  struct Host {
    DomainName name{};
    std::uint32_t depth = 0;
    Descent descent{};
    QuestionPointer a{};
    QuestionPointer aaaa{};
    bool ended = false;
    bool repeated = false;
    std::uint64_t advanced_in = 0;
    HostOutcome outcome = HostOutcome::unknown;
    std::vector<Address> addresses{};
    bool ipv4_told = false;
    bool ipv6_told = false;
    seconds life{0};
  };

  /// What this walk saw of one server address.
  struct Server {
    bool answered = false;
    bool was_silent_before = false;  ///< told by the cache
    std::uint32_t sent = 0;
    milliseconds waited_longest{0};
  };

  enum class Stage : std::uint8_t { descending, child_set, addresses, done };

  // The walk to the target.
  void advance_everything();
  void advance_main();
  void begin_completion();
  void unite_sets(Zone& zone, const Reading& child_set);
  void advance_addresses();
  [[nodiscard]] bool needs_addresses(const Zone& zone, const Nameserver& server) const;
  void complete();
  void end(DiscoveryOutcome outcome);
  void settle_hosts(Zone& zone, DiscoveryOutcome outcome);
  void store(const Zone& zone, seconds outcome_life);
  void remember(Zone& zone, DiscoveryOutcome outcome, seconds outcome_life);
  void give_up(Zone& zone, DiscoveryOutcome outcome, bool met_local_error);

  // Descents.
  void advance(Descent& descent);
  void take_label_answer(Descent& descent);
  void take_label_failure(Descent& descent);
  void fail(Descent& descent, DiscoveryOutcome outcome);
  bool jump(Descent& descent);

  // Hosts.
  Host* begin_host(const DomainName& name, std::uint32_t depth);
  void begin_descent(Host& host);
  void advance(Host& host);
  void collect_addresses(Host& host);
  void end_host(Host& host, HostOutcome outcome);
  [[nodiscard]] Host* find_host(const DomainName& name) const;
  [[nodiscard]] static bool depends_on(const Host& host, const Host& other);

  // Questions.
  QuestionPointer question(Zone& zone, DomainName name, RecordType type, Host* asker, std::uint32_t depth);
  void advance(Question& question);
  bool ask_best(Question& question, bool second_round);
  [[nodiscard]] static DiscoveryOutcome why_failed(const Question& question);
  static bool is_of_use(const Question& question, const Reading& reading);

  // Zones and servers.
  Zone* load_zone(const DomainName& apex);
  Zone& enter_zone(Zone& parent, const Reading& reading, const ServerAddress& from);
  Zone& add_root();
  std::vector<ServerAddress> servers_of(const Zone& zone) const;
  [[nodiscard]] bool may_ask(const Address& address) const;
  Server& server(const ServerAddress& address);
  [[nodiscard]] std::uint64_t rank(const Question& question, const ServerAddress& address);
  [[nodiscard]] static bool is_useless(const Zone& zone, const ServerAddress& address);
  static void add_nameservers(std::vector<Nameserver>& nameservers, std::vector<DomainName>& cut_off,
                              const std::vector<NsRecord>& set, bool from_parent, std::size_t most);

  DomainName target_{};
  const config::ProbeSettings* settings_ = nullptr;
  ZoneCache* cache_ = nullptr;
  MonotonicTime now_{};
  MonotonicTime deadline_{};

  std::unordered_map<DomainName, std::unique_ptr<Zone>> zones_{};
  std::unordered_map<DomainName, std::unique_ptr<Host>> hosts_{};
  std::unordered_map<ServerAddress, Server> servers_{};
  std::array<bool, 2> family_answered_{};
  std::array<bool, 2> family_silent_{};
  std::unordered_map<std::uint32_t, std::pair<QuestionPointer, AskServer>> under_way_{};
  std::vector<AskServer> asks_{};
  std::vector<WalkExchange> exchanges_{};
  std::uint32_t next_ticket_ = 1;
  std::uint32_t questions_sent_ = 0;
  std::uint32_t unresolvable_ = 0;
  bool out_of_questions_ = false;
  std::uint64_t changes_ = 0;
  std::uint64_t pass_ = 0;

  Stage stage_ = Stage::descending;
  Descent descent_{};
  QuestionPointer child_question_{};
  bool nothing_here_ = false;
  Delegation result_{};
};

// ---- The walk to the target ----

DelegationWalk::State::State(DomainName target, const config::ProbeSettings& settings, ZoneCache& cache,
                             MonotonicTime now)
    : target_(std::move(target)),
      settings_(&settings),
      cache_(&cache),
      now_(now),
      deadline_(now + settings.budgets.discovery_time) {
  descent_.target = target_;
  descent_.zone = &add_root();
}

std::vector<DelegationWalk::AskServer> DelegationWalk::State::next(MonotonicTime now) {
  now_ = now;
  if (!done() && now >= deadline_) end(DiscoveryOutcome::budget_exhausted);
  advance_everything();
  return std::exchange(asks_, {});
}

void DelegationWalk::State::finished(std::uint32_t ticket, const Exchange& exchange, MonotonicTime now) {
  const auto found = under_way_.find(ticket);
  if (done() || found == under_way_.end()) return;
  now_ = now;
  const auto [question, ask] = std::move(found->second);
  under_way_.erase(found);
  question->under_way = false;
  WalkExchange& kept = exchanges_.emplace_back(ask.server, ask.zone, exchange);
  if (kept.exchange.response) keep_evidence(*kept.exchange.response);

  Server& memory = server(ask.server);
  Question::Try& attempt = question->tries[ask.server];
  attempt.silent = false;
  switch (exchange.outcome) {
    case Outcome::answered: {
      memory.answered = true;
      family_answered_[static_cast<std::size_t>(ask.server.ip.family())] = true;
      cache_->put_server(ask.server, ServerState::answered, now_);
      question->heard_anything = true;
      if (!exchange.response) break;
      Reading reading =
          read_response(question->zone->apex(), question->name, question->type, *exchange.response);
      KnownZone& facts = question->zone->facts;
      if (reading.kind == Reading::Kind::useless) {
        if (!is_useless(*question->zone, ask.server)) facts.useless_at.push_back(ask.server);
      } else {
        // A late answer proves wrong what silence had told.
        if (facts.is_dead()) facts.outcome.reset();
        facts.answers = true;
      }
      if (is_of_use(*question, reading)) {
        question->state = Question::State::answered;
        question->reading = std::move(reading);
        question->answered_by = ask.server;
      }
      break;
    }
    case Outcome::malformed:
      question->heard_anything = true;
      break;
    case Outcome::timed_out:
    case Outcome::unreachable:
    case Outcome::connection_refused:
    case Outcome::connection_reset:
    case Outcome::connection_closed:
      attempt.silent = true;
      family_silent_[static_cast<std::size_t>(ask.server.ip.family())] = true;
      memory.waited_longest = std::max(memory.waited_longest, ask.first_wait);
      cache_->put_server(ask.server, ServerState::silent, now_);
      break;
    case Outcome::no_route:
      cache_->put_no_route(ask.server.ip.family(), now_);
      break;
    case Outcome::local_error:
    case Outcome::interrupted:
    case Outcome::superseded:
      attempt.silent = true;
      question->met_local_error = true;
      break;
  }
  if (now >= deadline_) end(DiscoveryOutcome::budget_exhausted);
  advance_everything();
}

void DelegationWalk::State::advance_everything() {
  std::uint64_t before = 0;
  do {
    if (done()) return;
    before = changes_;
    ++pass_;
    advance_main();
  } while (changes_ != before);
  if (!done() && out_of_questions_ && under_way_.empty()) end(DiscoveryOutcome::budget_exhausted);
}

void DelegationWalk::State::advance_main() {
  switch (stage_) {
    case Stage::descending:
      advance(descent_);
      if (!descent_.ended) return;
      ++changes_;
      if (descent_.failure) {
        give_up(*descent_.zone, *descent_.failure, descent_.met_local_error);
        end(*descent_.failure);
      } else {
        begin_completion();
      }
      return;
    case Stage::child_set:
      advance(*child_question_);
      if (child_question_->state == Question::State::open) return;
      ++changes_;
      if (child_question_->state == Question::State::answered) {
        unite_sets(*descent_.zone, child_question_->reading);
      } else if (!descent_.zone->facts.answers) {
        const DiscoveryOutcome why = why_failed(*child_question_);
        give_up(*descent_.zone, why, child_question_->met_local_error);
        end(why);
        return;
      }
      stage_ = Stage::addresses;
      return;
    case Stage::addresses:
      advance_addresses();
      return;
    case Stage::done:
      return;
  }
}

void DelegationWalk::State::begin_completion() {
  Zone& zone = *descent_.zone;
  if (zone.facts.outcome) {
    end(*zone.facts.outcome);
    return;
  }
  // The last zone denies the domain itself, and the name too: it is only the place where something is
  // missing, so what its parent gave is enough to ask its servers.
  if (descent_.target_denied && target_.has_domainkey_label()) {
    DomainName domain = target_;
    while (domain.has_domainkey_label()) domain = domain.parent();
    nothing_here_ = std::any_of(descent_.denied.begin(), descent_.denied.end(),
                                [&](const DomainName& name) { return domain.is_at_or_below(name); });
  }
  if (!zone.facts.cut.child_ns.empty()) {
    stage_ = Stage::addresses;
    return;
  }
  child_question_ = question(zone, zone.apex(), RecordType::ns, nullptr, 0);
  stage_ = Stage::child_set;
}

void DelegationWalk::State::unite_sets(Zone& zone, const Reading& child_set) {
  KnownZone& facts = zone.facts;
  facts.cut.child_ns = child_set.ns;
  facts.cut.child_ns_ttl_seconds = shortest_ttl(child_set.ns);
  add_nameservers(facts.nameservers, facts.nameservers_cut_off, child_set.ns, false,
                  settings_->budgets.nameservers_per_zone);
}

bool DelegationWalk::State::needs_addresses(const Zone& zone, const Nameserver& server) const {
  // The hints give the addresses of the root servers, and no key lives in the root.
  if (zone.parent == nullptr) return false;
  return !nothing_here_ || server.glue.empty();
}

void DelegationWalk::State::advance_addresses() {
  const Zone& zone = *descent_.zone;
  std::vector<const Host*> running;
  const auto runs_beside = [&](const DomainName& other) {
    // The first of several names in one zone finds the zone; the others then begin there.
    return std::any_of(running.begin(), running.end(), [&](const Host* host) {
      return !host->descent.ended && host->name.parent() == other.parent();
    });
  };
  // Those of the zone itself first: its own servers know them, whatever becomes of the others.
  std::vector<DomainName> names;
  for (const bool inside : {true, false}) {
    for (const Nameserver& nameserver : zone.facts.nameservers) {
      if (needs_addresses(zone, nameserver) && nameserver.name.is_at_or_below(zone.apex()) == inside) {
        names.push_back(nameserver.name);
      }
    }
  }
  bool waiting = false;
  for (const bool begin : {false, true}) {
    for (const DomainName& name : names) {
      Host* host = find_host(name);
      if (host != nullptr && host->ended && host->outcome == HostOutcome::loop && !host->repeated && begin) {
        // The loop may have had another way out since.
        host->repeated = true;
        begin_descent(*host);
        ++changes_;
      }
      if (host == nullptr) {
        if (!begin) continue;
        const std::size_t allowed = std::min<std::size_t>(
            most_lookups_at_once, settings_->budgets.unresolvable_nameservers -
                                      std::min(unresolvable_, settings_->budgets.unresolvable_nameservers));
        const bool must_wait = !running.empty() && (running.size() >= allowed || runs_beside(name));
        if (must_wait) {
          waiting = true;
          continue;
        }
        host = begin_host(name, 1);
        if (host == nullptr) continue;
      } else if (!begin) {
        advance(*host);
      }
      if (host->ended) continue;
      if (std::find(running.begin(), running.end(), host) == running.end()) running.push_back(host);
    }
  }
  if (running.empty() && !waiting) complete();
}

void DelegationWalk::State::complete() {
  Zone& zone = *descent_.zone;
  seconds life = ZoneCache::longest_life;
  bool something_unknown = nothing_here_;
  bool budget_met = !zone.facts.nameservers_cut_off.empty();
  for (const Nameserver& nameserver : zone.facts.nameservers) {
    if (!needs_addresses(zone, nameserver)) continue;
    const Host* host = find_host(nameserver.name);
    const HostOutcome outcome = host == nullptr ? HostOutcome::budget_exhausted : host->outcome;
    switch (outcome) {
      case HostOutcome::found:
      case HostOutcome::is_alias:
      case HostOutcome::name_missing:
      case HostOutcome::no_address:
        life = std::min(life, host->life);
        break;
      case HostOutcome::unknown:
      case HostOutcome::loop:
        something_unknown = true;
        break;
      case HostOutcome::budget_exhausted:
        budget_met = true;
        break;
    }
  }
  if (zone.facts.cut.child_ns.empty()) {
    something_unknown = true;
  } else {
    life = std::min(life, seconds{zone.facts.cut.child_ns_ttl_seconds});
  }
  const DiscoveryOutcome outcome =
      budget_met ? DiscoveryOutcome::budget_exhausted : DiscoveryOutcome::complete;
  if (something_unknown || budget_met) life = std::min<seconds>(life, ZoneCache::failure_life);
  remember(zone, outcome, life);
  end(outcome);
}

/// Writes what is known of the hosts into the zone's nameservers.
void DelegationWalk::State::settle_hosts(Zone& zone, DiscoveryOutcome outcome) {
  const bool cut_off = outcome == DiscoveryOutcome::budget_exhausted;
  for (Nameserver& nameserver : zone.facts.nameservers) {
    Host* host = find_host(nameserver.name);
    if (host == nullptr) {
      if (zone.parent == nullptr) {
        nameserver.host = HostOutcome::found;
      } else if (cut_off && nameserver.glue.empty()) {
        nameserver.host = HostOutcome::budget_exhausted;
      }
      continue;
    }
    if (!host->ended) {
      collect_addresses(*host);
      host->outcome = cut_off ? HostOutcome::budget_exhausted : HostOutcome::unknown;
    }
    nameserver.host = host->outcome;
    nameserver.addresses = host->addresses;
    const auto is_known = [&](config::Family family) {
      const auto is_of = [&](const Address& address) { return address.family() == family; };
      return std::ranges::any_of(nameserver.glue, is_of) || std::ranges::any_of(nameserver.addresses, is_of);
    };
    const bool has_one = is_known(config::Family::ipv4) || is_known(config::Family::ipv6);
    const bool may_have_more =
        has_one && (host->outcome == HostOutcome::found || host->outcome == HostOutcome::unknown ||
                    host->outcome == HostOutcome::budget_exhausted);
    nameserver.ipv4_unknown = may_have_more && !host->ipv4_told && !is_known(config::Family::ipv4);
    nameserver.ipv6_unknown = may_have_more && !host->ipv6_told && !is_known(config::Family::ipv6);
  }
}

void DelegationWalk::State::remember(Zone& zone, DiscoveryOutcome outcome, seconds outcome_life) {
  settle_hosts(zone, outcome);
  zone.facts.outcome = outcome;
  store(zone, outcome_life);
}

/// A zone whose servers are of no use. What this machine did wrong is not remembered against them.
void DelegationWalk::State::give_up(Zone& zone, DiscoveryOutcome outcome, bool met_local_error) {
  if (!met_local_error) remember(zone, outcome, ZoneCache::failure_life);
}

void DelegationWalk::State::store(const Zone& zone, seconds outcome_life) {
  const KnownZone& facts = zone.facts;
  const bool fits = facts.cut.parent_ns.size() <= most_names_cached &&
                    facts.cut.child_ns.size() <= most_names_cached &&
                    facts.nameservers_cut_off.size() <= most_names_cached;
  if (fits && zone.parent != nullptr) cache_->put_zone(facts, outcome_life, now_);
}

void DelegationWalk::State::end(DiscoveryOutcome outcome) {
  if (done()) return;
  const bool descending = std::exchange(stage_, Stage::done) == Stage::descending;
  asks_.clear();
  Zone& zone = *descent_.zone;
  if (!zone.facts.outcome) {
    settle_hosts(zone, outcome);
    // Time or questions ran out. The next walk need not find out again that the zone keeps silent, or which
    // addresses of its nameservers cannot be had.
    const bool silent = !zone.facts.answers && zone.facts.useless_at.empty() && !exchanges_.empty();
    if (outcome == DiscoveryOutcome::budget_exhausted && (silent || !descending)) {
      remember(zone, outcome, ZoneCache::failure_life);
    }
  }
  result_.zone = zone.apex();
  result_.outcome = outcome;
  if (outcome != DiscoveryOutcome::complete) result_.stopped_at = zone.apex();
  for (const Zone* at = &zone; at != nullptr; at = at->parent) {
    // The root begins nowhere; it stands here only when nothing below it was found.
    if (at->parent != nullptr || at == &zone) result_.cuts.push_back(at->facts.cut);
  }
  std::reverse(result_.cuts.begin(), result_.cuts.end());
  result_.nameservers = zone.facts.nameservers;
  result_.nameservers_cut_off = zone.facts.nameservers_cut_off;
  result_.denied = descent_.denied;
  result_.exchanges = std::move(exchanges_);
}

// ---- Descents ----

bool DelegationWalk::State::jump(Descent& descent) {
  if (descent.zones_seen == zones_.size()) return false;
  const std::size_t top = descent.zone->apex().label_count();
  for (std::size_t labels = descent.target.label_count(); labels > top; --labels) {
    Zone* zone = load_zone(descent.target.suffix(labels));
    if (zone == nullptr) continue;
    descent.zone = zone;
    descent.labels = std::max(descent.labels, labels);
    descent.straight_to_target = false;
    descent.zones_seen = zones_.size();
    return true;
  }
  descent.zones_seen = zones_.size();
  return false;
}

void DelegationWalk::State::fail(Descent& descent, DiscoveryOutcome outcome) {
  descent.ended = true;
  descent.failure = outcome;
  descent.question.reset();
  ++changes_;
}

void DelegationWalk::State::advance(Descent& descent) {
  const std::size_t target_labels = descent.target.label_count();
  while (!descent.ended) {
    if (descent.question) {
      advance(*descent.question);
      switch (descent.question->state) {
        case Question::State::open:
          return;
        case Question::State::answered:
          take_label_answer(descent);
          break;
        case Question::State::failed:
          take_label_failure(descent);
          break;
      }
      ++changes_;
      continue;
    }
    jump(descent);
    if (descent.zone->facts.is_dead()) {
      fail(descent, *descent.zone->facts.outcome);
      return;
    }
    const std::size_t labels = descent.straight_to_target ? target_labels : descent.labels + 1;
    // A nameserver's own name is asked for its addresses instead; a referral then tells of a cut.
    if (descent.labels >= target_labels || (descent.asker != nullptr && labels >= target_labels)) {
      descent.ended = true;
      ++changes_;
      return;
    }
    const DomainName name = descent.target.suffix(labels);
    if (labels < target_labels) {
      if (const auto fact = cache_->no_cut(name, descent.zone->apex(), now_)) {
        descent.labels = labels;
        if (fact->denied) {
          descent.denied.push_back(name);
          descent.straight_to_target = true;
        }
        continue;
      }
    }
    descent.asking = Descent::Asking::label;
    descent.question = question(*descent.zone, name, RecordType::ns, descent.asker, descent.depth);
  }
}

void DelegationWalk::State::take_label_answer(Descent& descent) {
  const QuestionPointer answered = std::exchange(descent.question, nullptr);
  const bool about_apex = std::exchange(descent.asking, Descent::Asking::nothing) == Descent::Asking::apex;
  const std::size_t target_labels = descent.target.label_count();
  if (about_apex) {
    // The zone is served after all, so the errors were about the name.
    unite_sets(*descent.zone, answered->reading);
    descent.straight_to_target = true;
    return;
  }
  const Reading& reading = answered->reading;
  const std::size_t labels = answered->name.label_count();
  switch (reading.kind) {
    case Reading::Kind::referral:
    case Reading::Kind::apex_here:
      descent.zone = &enter_zone(*descent.zone, reading, answered->answered_by);
      descent.labels = reading.cut.label_count();
      descent.straight_to_target = false;
      return;
    case Reading::Kind::denied:
      if (labels == target_labels) {
        descent.target_denied = true;
      } else {
        descent.denied.push_back(answered->name);
        cache_->put_no_cut(answered->name, descent.zone->apex(), {true}, reading.life, now_);
        descent.straight_to_target = true;
      }
      descent.labels = labels;
      return;
    case Reading::Kind::no_data:
    case Reading::Kind::alias:
    case Reading::Kind::addresses:
      if (labels < target_labels) {
        cache_->put_no_cut(answered->name, descent.zone->apex(), {false}, reading.life, now_);
      }
      descent.labels = labels;
      return;
    case Reading::Kind::useless:
      return;
  }
}

void DelegationWalk::State::take_label_failure(Descent& descent) {
  const QuestionPointer failed = std::exchange(descent.question, nullptr);
  const bool about_apex = std::exchange(descent.asking, Descent::Asking::nothing) == Descent::Asking::apex;
  Zone& zone = *descent.zone;
  if (!about_apex && (zone.facts.answers || failed->heard_anything)) {
    // Perhaps an error for this name alone: what lies behind it is asked for by its full name. A zone of
    // which nothing was heard but errors must show first that it is served at all.
    descent.labels = failed->name.label_count();
    if (zone.facts.answers) {
      descent.straight_to_target = true;
    } else {
      descent.asking = Descent::Asking::apex;
      descent.question = question(zone, zone.apex(), RecordType::ns, descent.asker, descent.depth);
    }
    return;
  }
  const DiscoveryOutcome why = why_failed(*failed);
  // Nobody else need find out again. A loop or a budget is a matter of who asks.
  descent.met_local_error = failed->met_local_error;
  if (why == DiscoveryOutcome::no_servers && descent.asker != nullptr) {
    give_up(zone, why, descent.met_local_error);
  }
  fail(descent, why);
}

// ---- Hosts ----

DelegationWalk::State::Host* DelegationWalk::State::find_host(const DomainName& name) const {
  const auto found = hosts_.find(name);
  return found == hosts_.end() ? nullptr : found->second.get();
}

/// Null when the walk is already too deep. A host that the cache knows has ended at once, and so has one
/// beyond the number of names without address.
DelegationWalk::State::Host* DelegationWalk::State::begin_host(const DomainName& name, std::uint32_t depth) {
  if (depth > settings_->budgets.discovery_depth) return nullptr;
  Host& host = *hosts_.emplace(name, std::make_unique<Host>()).first->second;
  ++changes_;
  host.name = name;
  host.depth = depth;
  if (const auto known = cache_->host(name, now_)) {
    host.ended = true;
    host.outcome = known->outcome;
    host.addresses = known->addresses;
    host.ipv4_told = known->ipv4_told;
    host.ipv6_told = known->ipv6_told;
    host.life = ZoneCache::shortest_life;
    return &host;
  }
  if (unresolvable_ >= settings_->budgets.unresolvable_nameservers) {
    host.ended = true;
    host.outcome = HostOutcome::budget_exhausted;
    return &host;
  }
  begin_descent(host);
  return &host;
}

void DelegationWalk::State::begin_descent(Host& host) {
  host.ended = false;
  host.outcome = HostOutcome::unknown;
  host.a.reset();
  host.aaaa.reset();
  host.descent = Descent{};
  host.descent.target = host.name;
  host.descent.asker = &host;
  host.descent.depth = host.depth;
  host.descent.zone = zones_.at(DomainName{}).get();
}

void DelegationWalk::State::end_host(Host& host, HostOutcome outcome) {
  host.ended = true;
  host.outcome = outcome;
  if (outcome != HostOutcome::found && !host.repeated) ++unresolvable_;
  ++changes_;
  switch (outcome) {
    case HostOutcome::found:
    case HostOutcome::is_alias:
    case HostOutcome::name_missing:
    case HostOutcome::no_address:
      cache_->put_host(host.name, {outcome, host.addresses, host.ipv4_told, host.ipv6_told}, host.life, now_);
      break;
    case HostOutcome::unknown:
    case HostOutcome::loop:
    case HostOutcome::budget_exhausted:
      break;
  }
}

bool DelegationWalk::State::depends_on(const Host& host, const Host& other) {
  std::vector<const Host*> open{&host};
  std::unordered_set<const Host*> seen{&host};
  while (!open.empty()) {
    const Host* at = open.back();
    open.pop_back();
    if (at->ended) continue;
    if (at == &other) return true;
    for (const QuestionPointer& question : {at->descent.question, at->a, at->aaaa}) {
      if (!question || question->state != Question::State::open) continue;
      for (const Host* next : question->waiting_for) {
        if (seen.insert(next).second) open.push_back(next);
      }
    }
  }
  return false;
}

void DelegationWalk::State::collect_addresses(Host& host) {
  const auto told = [](const QuestionPointer& asked) {
    return asked && asked->state == Question::State::answered;
  };
  host.ipv4_told = told(host.a);
  host.ipv6_told = told(host.aaaa);
  for (const QuestionPointer& asked : {host.a, host.aaaa}) {
    if (!asked || asked->reading.kind != Reading::Kind::addresses) continue;
    host.life = std::min(host.life, asked->reading.life);
    for (const Address& address : asked->reading.addresses) {
      add_address(host.addresses, address, settings_->budgets.addresses_per_zone);
    }
  }
}

void DelegationWalk::State::advance(Host& host) {
  if (host.ended || host.advanced_in == pass_) return;
  host.advanced_in = pass_;
  while (!host.ended) {
    if (!host.descent.ended) {
      advance(host.descent);
      if (!host.descent.ended) return;
    }
    if (host.descent.failure) {
      switch (*host.descent.failure) {
        case DiscoveryOutcome::loop:
          return end_host(host, HostOutcome::loop);
        case DiscoveryOutcome::budget_exhausted:
          return end_host(host, HostOutcome::budget_exhausted);
        case DiscoveryOutcome::complete:
        case DiscoveryOutcome::pinned:
        case DiscoveryOutcome::no_servers:
        case DiscoveryOutcome::intercepted:
        case DiscoveryOutcome::interrupted:
          return end_host(host, HostOutcome::unknown);
      }
    }
    Zone& zone = *host.descent.zone;
    if (!host.a) {
      host.a = question(zone, host.name, RecordType::a, &host, host.depth);
      host.aaaa = question(zone, host.name, RecordType::aaaa, &host, host.depth);
    }
    advance(*host.a);
    advance(*host.aaaa);
    const auto reads = [&](Reading::Kind kind) {
      return host.a->reading.kind == kind || host.aaaa->reading.kind == kind;
    };
    if (reads(Reading::Kind::referral)) {
      const Question& referred = host.a->reading.kind == Reading::Kind::referral ? *host.a : *host.aaaa;
      host.descent.zone = &enter_zone(zone, referred.reading, referred.answered_by);
      host.descent.labels = referred.reading.cut.label_count();
      host.descent.straight_to_target = false;
      host.descent.ended = false;
      host.a.reset();
      host.aaaa.reset();
      ++changes_;
      continue;
    }
    if (host.a->state == Question::State::open || host.aaaa->state == Question::State::open) return;
    // A name with one family of addresses has a short negative life for the other, which is no reason to
    // forget the first.
    host.life = seconds::max();
    if (reads(Reading::Kind::addresses)) {
      collect_addresses(host);
    } else {
      for (const QuestionPointer& asked : {host.a, host.aaaa}) {
        if (asked->state == Question::State::answered) host.life = std::min(host.life, asked->reading.life);
      }
    }
    if (reads(Reading::Kind::alias)) return end_host(host, HostOutcome::is_alias);
    if (reads(Reading::Kind::addresses)) {
      // What one family leaves open is soon asked for again.
      if (!host.ipv4_told || !host.ipv6_told)
        host.life = std::min<seconds>(host.life, ZoneCache::failure_life);
      return end_host(host, HostOutcome::found);
    }
    if (reads(Reading::Kind::denied)) return end_host(host, HostOutcome::name_missing);
    if (host.a->state == Question::State::answered && host.aaaa->state == Question::State::answered) {
      return end_host(host, HostOutcome::no_address);
    }
    collect_addresses(host);
    const Question& failed = host.a->state == Question::State::failed ? *host.a : *host.aaaa;
    switch (why_failed(failed)) {
      case DiscoveryOutcome::loop:
        return end_host(host, HostOutcome::loop);
      case DiscoveryOutcome::budget_exhausted:
        return end_host(host, HostOutcome::budget_exhausted);
      case DiscoveryOutcome::no_servers:
        // With silence alone the whole zone is dead; others need not wait for it again.
        if (!failed.heard_anything && !zone.facts.answers) {
          give_up(zone, DiscoveryOutcome::no_servers, failed.met_local_error);
        }
        return end_host(host, HostOutcome::unknown);
      case DiscoveryOutcome::complete:
      case DiscoveryOutcome::pinned:
      case DiscoveryOutcome::intercepted:
      case DiscoveryOutcome::interrupted:
        return end_host(host, HostOutcome::unknown);
    }
  }
}

// ---- Questions ----

DelegationWalk::State::QuestionPointer DelegationWalk::State::question(Zone& zone, DomainName name,
                                                                       RecordType type, Host* asker,
                                                                       std::uint32_t depth) {
  auto made = std::make_shared<Question>();
  made->zone = &zone;
  made->name = std::move(name);
  made->type = type;
  made->purpose = type == RecordType::ns ? Purpose::cut : Purpose::host_address;
  made->asker = asker;
  made->depth = depth;
  ++changes_;
  return made;
}

bool DelegationWalk::State::is_of_use(const Question& question, const Reading& reading) {
  if (question.type == RecordType::ns && question.name == question.zone->apex()) {
    return reading.kind == Reading::Kind::apex_here;
  }
  return reading.kind != Reading::Kind::useless;
}

DiscoveryOutcome DelegationWalk::State::why_failed(const Question& question) {
  if (question.zone->facts.is_dead()) return *question.zone->facts.outcome;
  const bool asked_somebody = !question.tries.empty();
  if (question.met_budget) return DiscoveryOutcome::budget_exhausted;
  if (question.met_loop && !asked_somebody) return DiscoveryOutcome::loop;
  return DiscoveryOutcome::no_servers;
}

void DelegationWalk::State::advance(Question& question) {
  if (question.state != Question::State::open || question.under_way) return;
  if (question.zone->facts.is_dead()) {
    question.state = Question::State::failed;
    ++changes_;
    return;
  }
  if (ask_best(question, false)) return;

  // No address is left that was not tried: look for those of names that came without.
  const Zone& zone = *question.zone;
  question.waiting_for.clear();
  for (const Nameserver& nameserver : zone.facts.nameservers) {
    if (zone.parent == nullptr) break;
    if (!nameserver.glue.empty() && nameserver.name.is_at_or_below(zone.apex())) continue;
    Host* host = find_host(nameserver.name);
    if (host == nullptr) {
      // Names beside each other most likely share their fate and their questions.
      const bool beside =
          std::any_of(question.waiting_for.begin(), question.waiting_for.end(),
                      [&](const Host* other) { return other->name.parent() == nameserver.name.parent(); });
      if (beside) continue;
      host = begin_host(nameserver.name, question.depth + 1);
      if (host == nullptr) {
        question.met_budget = true;
        continue;
      }
    }
    if (host->ended) {
      question.met_loop |= host->outcome == HostOutcome::loop;
      question.met_budget |= host->outcome == HostOutcome::budget_exhausted;
      continue;
    }
    if (question.asker != nullptr && depends_on(*host, *question.asker)) {
      question.met_loop = true;
      continue;
    }
    question.waiting_for.push_back(host);
    if (question.waiting_for.size() == 2) break;
  }
  if (!question.waiting_for.empty()) {
    // One that ends counts as a change, and so this question comes up again.
    const std::vector<Host*> waiting_for = question.waiting_for;
    for (Host* host : waiting_for) advance(*host);
    return;
  }
  if (ask_best(question, false)) return;
  if (ask_best(question, true)) return;
  question.state = Question::State::failed;
  ++changes_;
}

/// Puts the question to the best server left in this round; false when there is none.
bool DelegationWalk::State::ask_best(Question& question, bool second_round) {
  const ServerAddress* best = nullptr;
  std::uint64_t best_rank = 0;
  const std::vector<ServerAddress> candidates = servers_of(*question.zone);
  for (const ServerAddress& candidate : candidates) {
    const auto tried = question.tries.find(candidate);
    if (!second_round && tried != question.tries.end()) continue;
    if (second_round && (tried == question.tries.end() || !tried->second.silent || tried->second.count > 1))
      continue;
    const Server& memory = server(candidate);
    const milliseconds patience = memory.was_silent_before ? settings_->first_try : 2 * settings_->first_try;
    if (!memory.answered && memory.waited_longest >= patience) continue;
    const std::uint64_t candidate_rank = rank(question, candidate);
    if (best == nullptr || candidate_rank < best_rank) {
      best = &candidate;
      best_rank = candidate_rank;
    }
  }
  if (best == nullptr) return false;
  if (questions_sent_ >= settings_->budgets.queries_per_zone) {
    out_of_questions_ = true;
    return true;
  }

  AskServer ask;
  ask.ticket = next_ticket_++;
  ask.server = *best;
  ask.zone = question.zone->apex();
  ask.name = question.name;
  ask.type = question.type;
  ask.purpose = question.purpose;
  const auto left = std::chrono::ceil<milliseconds>(deadline_ - now_);
  // A server that is slow, not dead, answers in the second round at the latest.
  ask.attempts = second_round && settings_->tries > 1 ? 2 : 1;
  ask.first_wait = std::min(second_round ? 2 * settings_->first_try : settings_->first_try, left);
  ++questions_sent_;
  ++server(*best).sent;
  ++question.tries[*best].count;
  question.under_way = true;
  question.waiting_for.clear();
  ++changes_;
  asks_.push_back(ask);
  under_way_.emplace(ask.ticket, std::make_pair(question.shared_from_this(), ask));
  return true;
}

// ---- Zones and servers ----

DelegationWalk::State::Zone& DelegationWalk::State::add_root() {
  auto root = std::make_unique<Zone>();
  for (const config::NamedServer& hint : settings_->root_servers) {
    root->root_addresses.push_back({hint.ip, hint.port.value_or(settings_->port)});
    auto& nameservers = root->facts.nameservers;
    auto same = std::find_if(nameservers.begin(), nameservers.end(),
                             [&](const Nameserver& server) { return server.name == hint.name; });
    if (same == nameservers.end()) {
      same = nameservers.insert(nameservers.end(), Nameserver{});
      same->name = hint.name;
      same->in_parent = true;
    }
    add_address(same->glue, hint.ip, settings_->budgets.addresses_per_zone);
  }
  return *zones_.emplace(DomainName{}, std::move(root)).first->second;
}

/// The zone as this walk or the cache knows it, with every zone above; null when one of them is missing.
DelegationWalk::State::Zone* DelegationWalk::State::load_zone(const DomainName& apex) {
  if (const auto found = zones_.find(apex); found != zones_.end()) return found->second.get();
  auto known = cache_->zone(apex, now_);
  if (!known || apex.is_root() || !apex.is_at_or_below(known->parent) || apex == known->parent)
    return nullptr;
  Zone* parent = load_zone(known->parent);
  if (parent == nullptr) return nullptr;
  auto zone = std::make_unique<Zone>();
  zone->facts = std::move(*known);
  zone->parent = parent;
  if (zone->facts.outcome) {
    for (const Nameserver& nameserver : zone->facts.nameservers) {
      if (nameserver.host == HostOutcome::unknown && nameserver.addresses.empty()) continue;
      auto host = std::make_unique<Host>();
      host->name = nameserver.name;
      host->ended = true;
      host->outcome = nameserver.host;
      host->addresses = nameserver.addresses;
      host->ipv4_told = !nameserver.ipv4_unknown;
      host->ipv6_told = !nameserver.ipv6_unknown;
      host->life = ZoneCache::shortest_life;
      hosts_.emplace(nameserver.name, std::move(host));
    }
  }
  return zones_.emplace(apex, std::move(zone)).first->second.get();
}

DelegationWalk::State::Zone& DelegationWalk::State::enter_zone(Zone& parent, const Reading& reading,
                                                               const ServerAddress& from) {
  if (const auto found = zones_.find(reading.cut); found != zones_.end()) return *found->second;
  Zone& zone = *zones_.emplace(reading.cut, std::make_unique<Zone>()).first->second;
  const config::Budgets& budgets = settings_->budgets;
  KnownZone& facts = zone.facts;
  zone.parent = &parent;
  facts.parent = parent.apex();
  facts.cut.apex = reading.cut;
  facts.until = ZoneCache::end_of_life(reading.life, now_);
  const bool referred = reading.kind == Reading::Kind::referral;
  if (referred) {
    facts.cut.parent_ns = reading.ns;
    facts.cut.parent_ns_ttl_seconds = shortest_ttl(reading.ns);
  } else {
    facts.cut.child_ns = reading.ns;
    facts.cut.child_ns_ttl_seconds = shortest_ttl(reading.ns);
    facts.also_at.push_back(from);
    facts.answers = true;
  }
  add_nameservers(facts.nameservers, facts.nameservers_cut_off, reading.ns, referred,
                  budgets.nameservers_per_zone);
  for (const AddressRecord& record : reading.glue) {
    for (Nameserver& nameserver : facts.nameservers) {
      if (nameserver.name == record.owner)
        add_address(nameserver.glue, record.address, budgets.addresses_per_zone);
    }
  }
  ++changes_;
  store(zone, seconds{0});
  return zone;
}

void DelegationWalk::State::add_nameservers(std::vector<Nameserver>& nameservers,
                                            std::vector<DomainName>& cut_off,
                                            const std::vector<NsRecord>& set, bool from_parent,
                                            std::size_t most) {
  for (const NsRecord& record : set) {
    auto same = std::find_if(nameservers.begin(), nameservers.end(),
                             [&](const Nameserver& server) { return server.name == record.target; });
    if (same == nameservers.end()) {
      if (nameservers.size() >= most) {
        if (std::find(cut_off.begin(), cut_off.end(), record.target) == cut_off.end()) {
          cut_off.push_back(record.target);
        }
        continue;
      }
      same = nameservers.insert(nameservers.end(), Nameserver{});
      same->name = record.target;
    }
    (from_parent ? same->in_parent : same->in_child) = true;
  }
}

bool DelegationWalk::State::may_ask(const Address& address) const {
  const bool enabled = address.family() == config::Family::ipv4 ? settings_->use_ipv4 : settings_->use_ipv6;
  if (!enabled || !cache_->has_route(address.family(), now_)) return false;
  return config::special_purpose(address).empty() ||
         std::any_of(settings_->allowed_networks.begin(), settings_->allowed_networks.end(),
                     [&](const config::Network& network) { return network.contains(address); });
}

std::vector<ServerAddress> DelegationWalk::State::servers_of(const Zone& zone) const {
  std::vector<ServerAddress> servers;
  const auto add = [&](const ServerAddress& server) {
    if (servers.size() < settings_->budgets.addresses_per_zone && may_ask(server.ip) &&
        std::find(servers.begin(), servers.end(), server) == servers.end()) {
      servers.push_back(server);
    }
  };
  for (const ServerAddress& server : zone.root_addresses) add(server);
  if (zone.parent == nullptr) return servers;
  for (const ServerAddress& server : zone.facts.also_at) add(server);
  for (const Nameserver& nameserver : zone.facts.nameservers) {
    for (const Address& address : nameserver.glue) add({address, settings_->port});
    const Host* host = find_host(nameserver.name);
    if (host == nullptr || !host->ended || host->outcome != HostOutcome::found) continue;
    for (const Address& address : host->addresses) add({address, settings_->port});
  }
  return servers;
}

DelegationWalk::State::Server& DelegationWalk::State::server(const ServerAddress& address) {
  const auto [found, fresh] = servers_.try_emplace(address);
  if (fresh) found->second.was_silent_before = cache_->server(address, now_) == ServerState::silent;
  return found->second;
}

bool DelegationWalk::State::is_useless(const Zone& zone, const ServerAddress& address) {
  const auto& useless = zone.facts.useless_at;
  return std::find(useless.begin(), useless.end(), address) != useless.end();
}

/// The lower the better. Within a class the order is that of a hash, so that targets spread over the servers
/// of a zone that they share, and one target finds the same order each time.
std::uint64_t DelegationWalk::State::rank(const Question& question, const ServerAddress& address) {
  constexpr std::uint64_t neutral = 1;
  constexpr std::uint64_t doubtful = 200;
  constexpr std::uint64_t useless = 201;
  constexpr std::uint64_t silent = 202;
  const Server& memory = server(address);
  const auto family = static_cast<std::size_t>(address.ip.family());
  std::uint64_t kind = neutral;
  if (is_useless(*question.zone, address)) {
    kind = useless;
  } else if (memory.answered) {
    kind = std::min<std::uint64_t>(memory.sent / questions_before_spreading, doubtful);
  } else if (memory.was_silent_before || memory.waited_longest > milliseconds{0}) {
    kind = silent;
  } else if (family_silent_[family] && !family_answered_[family]) {
    // A family that goes nowhere without saying so costs one wait, not one a zone.
    kind = doubtful;
  }
  const std::uint64_t spread =
      mixed(std::hash<DomainName>{}(target_) ^ mixed(std::hash<ServerAddress>{}(address)));
  return (kind << 56U) | (spread >> 8U);
}

// ---- The door ----

DelegationWalk::DelegationWalk(config::DomainName target, const config::ProbeSettings& settings,
                               ZoneCache& cache, MonotonicTime now)
    : state_(std::make_unique<State>(std::move(target), settings, cache, now)) {}
DelegationWalk::~DelegationWalk() = default;
DelegationWalk::DelegationWalk(DelegationWalk&&) noexcept = default;
DelegationWalk& DelegationWalk::operator=(DelegationWalk&&) noexcept = default;

std::vector<DelegationWalk::AskServer> DelegationWalk::next(MonotonicTime now) {
  return state_->next(now);
}
void DelegationWalk::finished(std::uint32_t ticket, const Exchange& exchange, MonotonicTime now) {
  state_->finished(ticket, exchange, now);
}
bool DelegationWalk::done() const {
  return state_->done();
}
MonotonicTime DelegationWalk::deadline() const {
  return state_->deadline();
}
void DelegationWalk::interrupt() {
  state_->interrupt();
}
Delegation DelegationWalk::take_result() {
  return state_->take_result();
}

}  // namespace dkimprobe::probe
