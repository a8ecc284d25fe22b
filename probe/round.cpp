#include "probe/round.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "probe/delegation_walk.hpp"
#include "probe/discovery/address_policy.hpp"
#include "probe/query_message.hpp"
#include "probe/query_plan.hpp"
#include "probe/response_reader.hpp"

namespace dkimprobe::probe {
namespace {

using config::DomainName;
using config::ServerAddress;

/// One server address that is asked about one name.
struct ServerProbe {
  ServerProbe(QuestionSet questions, const PlanLimits& limits) : plan(questions, limits) {}

  ServerObservation seen{};
  QueryPlan plan;
  const ServerProbe* zone_facts_from =
      nullptr;  ///< who asks this server about the zone, when this one does not
};

/// One name of a chain.
struct LegProbe {
  DomainName owner{};
  Delegation delegation{};
  std::optional<DelegationWalk> walk{};
  MonotonicTime wake_at = MonotonicTime::min();  ///< of the timer that was set last for the walk
  /// Those that the walk was not told of: answers asked for again, and what came after its end.
  std::vector<WalkExchange> walk_exchanges{};
  std::deque<ServerProbe> servers{};
  bool probing = false;
};

/// A name, and the names that its aliases lead to.
struct ChainProbe {
  bool is_adsp = false;
  ChainOutcome outcome = ChainOutcome::complete;
  std::deque<LegProbe> legs{};
  std::vector<std::pair<DomainName, DomainName>> aliases{};  ///< from owner to target, both legs

  [[nodiscard]] bool leads_to(const DomainName& from, const DomainName& to) const {
    // Each name once: hostile aliases can make thousands of ways between a dozen names.
    std::vector<DomainName> reached{from};
    for (std::size_t at = 0; at < reached.size(); ++at) {
      if (reached[at] == to) return true;
      for (const auto& [owner, target] : aliases) {
        if (owner == reached[at] && std::find(reached.begin(), reached.end(), target) == reached.end()) {
          reached.push_back(target);
        }
      }
    }
    return false;
  }
};

/// A query on its way, or waiting for its turn.
struct PendingQuery {
  ChainProbe* chain = nullptr;
  LegProbe* leg = nullptr;
  ServerProbe* server = nullptr;  ///< null for a query of the leg's walk
  std::uint32_t walk_ticket = 0;
  DomainName walk_zone{};
  ServerAddress address{};
  std::chrono::milliseconds timeout{0};
  bool sent = false;
  Exchange exchange{};
};

constexpr std::uint32_t deadline_token = 0;

bool is_about_zone(const Exchange& exchange) {
  return exchange.purpose == Purpose::zone_soa || exchange.purpose == Purpose::zone_ns ||
         exchange.purpose == Purpose::sibling || exchange.purpose == Purpose::domainkey;
}

/// The order in which observations show exchanges.
bool began_before(const Exchange& a, const Exchange& b) {
  return std::tie(a.started, a.purpose, a.attempt) < std::tie(b.started, b.purpose, b.attempt);
}

}  // namespace

class Round::State final : public QueryHandler {
 public:
  State(ProbeContext context, DomainName domain, std::vector<config::Selector> selectors,
        WallTime observed_at, Finished finished, std::optional<LightRound> light)
      : context_(context),
        light_(std::move(light)),
        domain_(std::move(domain)),
        selectors_(std::move(selectors)),
        observed_at_(observed_at),
        began_(context.engine.now()),
        finished_(std::move(finished)) {
    if (const auto domainkey = config::domainkey_name(domain_)) {
      sibling_ = domainkey->child("dkimprobe-" + context_.random.label(10));
    }
    for (const config::Selector& selector : selectors_)
      add_chain(selector.owner_name(domain_).value(), false);
    if (light_) return;
    if (const auto adsp = config::adsp_name(domain_)) add_chain(*adsp, true);
  }

  ~State() {
    finished_ = nullptr;
    interrupt();
  }

  void start() {
    context_.engine.call_at(began_ + context_.settings.budgets.domain_time, *this, deadline_token);
    // The first walk fills the cache with the zones that the others share.
    begin_leg(chains_.front(), chains_.front().legs.front());
    finish_if_complete();
  }

  void interrupt() { end(DiscoveryOutcome::interrupted); }

 private:
  /// Ends the round with what was seen; `why` is the outcome of the walks that were not over: interrupted by
  /// the operator, or the time for the domain used up.
  void end(DiscoveryOutcome why) {
    if (over_) return;
    interrupted_ = true;
    out_of_time_ = why == DiscoveryOutcome::budget_exhausted;
    context_.engine.interrupt(*this);
    leave_unsent([](const PendingQuery&) { return true; });
    for (ChainProbe& chain : chains_) {
      for (LegProbe& leg : chain.legs) {
        if (leg.probing) continue;
        if (leg.walk) {
          leg.walk->interrupt();
          take_delegation(leg);
        }
        leg.delegation.outcome = why;
        leg.probing = true;
        if (chain.outcome == ChainOutcome::complete) chain.outcome = ChainOutcome::interrupted;
      }
    }
    finish();
  }

  void add_chain(const DomainName& name, bool is_adsp) {
    ChainProbe& chain = chains_.emplace_back();
    chain.is_adsp = is_adsp;
    chain.legs.emplace_back().owner = name;
  }

  // ---- Finding the servers of a leg ----

  void begin_leg(ChainProbe& chain, LegProbe& leg) {
    if (!context_.settings.pinned_servers.empty() && leg.owner.is_at_or_below(domain_)) {
      use_pinned_servers(leg);
      return begin_probing(chain, leg);
    }
    if (auto known = known_delegation(leg.owner)) {
      leg.delegation = std::move(*known);
      return begin_probing(chain, leg);
    }
    leg.walk.emplace(leg.owner, context_.settings, context_.zones, context_.registry_use,
                     context_.engine.now());
    advance_walk(chain, leg);
  }

  /// As the last full round found it. Nothing when the servers have to be found anew.
  [[nodiscard]] std::optional<Delegation> known_delegation(const DomainName& owner) const {
    if (!light_ || !light_->last_full) return std::nullopt;
    for (const Observation& full : *light_->last_full) {
      for (const Leg& leg : full.key.legs) {
        if (!(leg.owner == owner) || leg.delegation.outcome != DiscoveryOutcome::complete) continue;
        Delegation known = leg.delegation;
        for (WalkExchange& walked : known.exchanges)
          walked.exchange.started += full.observed_at - observed_at_;
        return known;
      }
    }
    return std::nullopt;
  }

  void use_pinned_servers(LegProbe& leg) {
    leg.delegation.zone = domain_;
    leg.delegation.outcome = DiscoveryOutcome::pinned;
    for (const config::NamedServer& pinned : context_.settings.pinned_servers) {
      auto& nameservers = leg.delegation.nameservers;
      auto known = std::find_if(nameservers.begin(), nameservers.end(),
                                [&](const Nameserver& nameserver) { return nameserver.name == pinned.name; });
      if (known == nameservers.end()) known = nameservers.insert(known, Nameserver{.name = pinned.name});
      known->host = HostOutcome::found;
      auto& addresses = known->addresses;
      if (std::find(addresses.begin(), addresses.end(), pinned.ip) == addresses.end())
        addresses.push_back(pinned.ip);
    }
  }

  void advance_walk(ChainProbe& chain, LegProbe& leg) {
    for (const WalkQuestion& ask : leg.walk->next(context_.engine.now())) {
      PendingQuery query;
      query.chain = &chain;
      query.leg = &leg;
      query.walk_ticket = ask.ticket;
      query.walk_zone = ask.zone;
      query.address = ask.server;
      query.timeout = ask.first_wait * ((1U << ask.attempts) - 1U);
      query.exchange.purpose = ask.purpose;
      query.exchange.question_name = ask.name;
      query.exchange.question_type = ask.type;
      // With EDNS the glue of a large referral fits.
      const MonotonicTime now = context_.engine.now();
      query.exchange.edns_sent = !context_.servers.of(ask.server, now).is_plain_only(now);
      send_in_turn(std::move(query));
    }
    if (!leg.walk->done()) return wake_walk(chain, leg);
    take_delegation(leg);
    begin_probing(chain, leg);
  }

  /// The walk goes on then, whatever has happened until then.
  void wake_walk(ChainProbe& chain, LegProbe& leg) {
    const MonotonicTime wake = leg.walk->wake();
    if (leg.wake_at <= wake && leg.wake_at > context_.engine.now()) return;
    leg.wake_at = wake;
    const std::uint32_t token = next_token_++;
    walk_timers_.emplace(token, std::pair(&chain, &leg));
    context_.engine.call_at(wake, *this, token);
  }

  void take_delegation(LegProbe& leg) {
    leg.delegation = leg.walk->take_result();
    leg.walk.reset();
    leave_unsent([&](const PendingQuery& query) { return query.leg == &leg && query.server == nullptr; });
  }

  // ---- Asking the servers of a leg ----

  void begin_probing(ChainProbe& chain, LegProbe& leg) {
    leg.probing = true;
    // A walk that ended at the root or at a top-level domain found nobody who could hold the name.
    const bool too_high =
        leg.delegation.outcome == DiscoveryOutcome::no_servers && leg.delegation.zone.label_count() <= 1;
    if (!too_high) add_servers(chain, leg);
    for (ServerProbe& server : leg.servers) {
      if (server.seen.not_asked == NotAsked::asked) advance_plan(chain, leg, server);
    }
    if (&leg == &chains_.front().legs.front()) {
      for (std::size_t i = 1; i < chains_.size(); ++i) begin_leg(chains_[i], chains_[i].legs.front());
    }
  }

  void add_servers(const ChainProbe& chain, LegProbe& leg) {
    std::map<ServerAddress, ServerProbe*> by_address;
    for (const Nameserver& nameserver : leg.delegation.nameservers) {
      for (const ServerAddress& address : addresses_of(leg, nameserver)) {
        if (ServerProbe* known = by_address[address]) {
          auto& names = known->seen.names;
          if (std::find(names.begin(), names.end(), nameserver.name) == names.end())
            names.push_back(nameserver.name);
          continue;
        }
        const NotAsked not_asked = why_not_asked(leg, address, by_address.size() - 1);
        const ServerProbe* zone_facts_from = nullptr;
        const bool glance = chain.is_adsp || light_;
        QuestionSet questions = glance ? QuestionSet::glance : QuestionSet::full;
        if (questions == QuestionSet::full && not_asked == NotAsked::asked) {
          const auto [asked, is_first] = zone_facts_.try_emplace({address, leg.delegation.zone}, nullptr);
          zone_facts_from = asked->second;
          if (!is_first) questions = QuestionSet::record_only;
        }
        ServerProbe& server = leg.servers.emplace_back(questions, plan_limits(chain, leg));
        server.seen.names.push_back(nameserver.name);
        server.seen.address = address;
        server.seen.not_asked = not_asked;
        server.zone_facts_from = zone_facts_from;
        if (questions == QuestionSet::full && not_asked == NotAsked::asked) {
          zone_facts_[{address, leg.delegation.zone}] = &server;
        }
        by_address[address] = &server;
      }
    }
  }

  [[nodiscard]] std::vector<ServerAddress> addresses_of(const LegProbe& leg,
                                                        const Nameserver& nameserver) const {
    const auto& settings = context_.settings;
    std::vector<ServerAddress> addresses;
    if (leg.delegation.outcome == DiscoveryOutcome::pinned) {
      for (const config::NamedServer& pinned : settings.pinned_servers) {
        if (pinned.name == nameserver.name)
          addresses.push_back({pinned.ip, pinned.port.value_or(settings.port)});
      }
      return addresses;
    }
    for (const auto* given : {&nameserver.glue, &nameserver.addresses}) {
      for (const config::Address& ip : *given) addresses.push_back({ip, settings.port});
    }
    return addresses;
  }

  [[nodiscard]] NotAsked why_not_asked(const LegProbe& leg, const ServerAddress& address,
                                       std::size_t before) const {
    const NotAsked why =
        dkimprobe::probe::why_not_asked(context_.settings, context_.zones, address.ip, context_.engine.now());
    // Whoever names the servers allows their addresses.
    const bool named = why == NotAsked::address_refused && leg.delegation.outcome == DiscoveryOutcome::pinned;
    if (why != NotAsked::asked && !named) return why;
    return before < context_.settings.budgets.addresses_per_zone ? NotAsked::asked
                                                                 : NotAsked::budget_exhausted;
  }

  [[nodiscard]] PlanLimits plan_limits(const ChainProbe& chain, const LegProbe& leg) const {
    PlanLimits limits;
    limits.tries = static_cast<std::uint8_t>(context_.settings.tries);
    limits.exchanges = static_cast<std::uint8_t>(context_.settings.budgets.exchanges_per_server);
    limits.first_try = context_.settings.first_try;
    limits.tcp_time = context_.settings.tcp_time;
    limits.holds_domainkey = !chain.is_adsp && &leg == &chain.legs.front() && sibling_ &&
                             sibling_->is_at_or_below(leg.delegation.zone);
    return limits;
  }

  void advance_plan(ChainProbe& chain, LegProbe& leg, ServerProbe& server) {
    for (const PlannedQuery& planned : server.plan.next()) {
      PendingQuery query;
      query.chain = &chain;
      query.leg = &leg;
      query.server = &server;
      query.address = server.seen.address;
      // Up to a tenth longer, so that the tries of many rounds do not fall together.
      query.timeout = planned.timeout + planned.timeout * context_.random.below(101) / 1000;
      query.exchange.purpose = planned.purpose;
      query.exchange.transport = planned.transport;
      query.exchange.edns_sent = planned.edns;
      query.exchange.attempt = planned.attempt;
      query.exchange.question_name = leg.owner;
      query.exchange.question_type = RecordType::txt;
      if (planned.purpose == Purpose::zone_soa || planned.purpose == Purpose::zone_ns) {
        query.exchange.question_name = leg.delegation.zone;
        query.exchange.question_type =
            planned.purpose == Purpose::zone_soa ? RecordType::soa : RecordType::ns;
      } else if (planned.purpose == Purpose::sibling) {
        query.exchange.question_name = *sibling_;
      } else if (planned.purpose == Purpose::domainkey) {
        query.exchange.question_name = sibling_->parent();
      }
      send_in_turn(std::move(query));
    }
    server.seen.cut_short = server.plan.cut_short();
  }

  /// An alias of the name itself, by a server that has authority for it, is the next leg of the chain.
  void follow_aliases(ChainProbe& chain, const LegProbe& leg, const std::vector<AliasRecord>& aliases) {
    for (const AliasRecord& alias : aliases) {
      const std::pair<DomainName, DomainName> step(leg.owner, alias.target);
      if (std::find(chain.aliases.begin(), chain.aliases.end(), step) != chain.aliases.end()) continue;
      if (chain.leads_to(alias.target, leg.owner)) {
        chain.outcome = ChainOutcome::loop;
        continue;
      }
      const bool known_leg = std::any_of(chain.legs.begin(), chain.legs.end(),
                                         [&](const LegProbe& known) { return known.owner == alias.target; });
      if (!known_leg && chain.legs.size() > context_.settings.budgets.chain_steps) {
        if (chain.outcome == ChainOutcome::complete) chain.outcome = ChainOutcome::too_long;
        continue;
      }
      // Only aliases between legs are kept, so that a server that invents them all the time adds nothing.
      chain.aliases.push_back(step);
      if (known_leg) continue;
      LegProbe& next = chain.legs.emplace_back();
      next.owner = alias.target;
      begin_leg(chain, next);
    }
  }

  // ---- Queries ----

  void send_in_turn(PendingQuery query) {
    const MonotonicTime now = context_.engine.now();
    const MonotonicTime turn = context_.servers.of(query.address, now).pace.reserve(now);
    const std::uint32_t token = next_token_++;
    PendingQuery& waiting = pending_.emplace(token, std::move(query)).first->second;
    if (turn > now) {
      context_.engine.call_at(turn, *this, token);
    } else {
      send(token, waiting);
    }
  }

  /// Gives up the queries that still wait for their turn, and records them as such.
  template <class Which>
  void leave_unsent(Which which) {
    const MonotonicTime now = context_.engine.now();
    for (auto at = pending_.begin(); at != pending_.end();) {
      if (at->second.sent || !which(at->second)) {
        ++at;
        continue;
      }
      PendingQuery query = std::move(at->second);
      at = pending_.erase(at);
      context_.servers.of(query.address, now).pace.give_back();
      query.exchange.outcome = Outcome::interrupted;
      query.exchange.started = std::chrono::duration_cast<std::chrono::microseconds>(now - began_);
      record(std::move(query));
    }
  }

  void send(std::uint32_t token, PendingQuery& query) {
    query.sent = true;
    QueryOptions options;
    options.edns = query.exchange.edns_sent;
    options.nsid = query.exchange.edns_sent;
    // The denial of a name beside the selector shows for how long caches may deny the selector itself.
    options.dnssec_ok = query.exchange.purpose == Purpose::sibling;
    options.payload_bytes = context_.settings.edns_payload_bytes;
    std::vector<std::uint8_t> message =
        build_query(query.exchange.question_name, query.exchange.question_type, options);
    // One way of asking in mixed case, the others as typed, so that a server is told by its two answers.
    if (context_.settings.mixed_case && query.exchange.purpose == Purpose::record_edns) {
      mix_case(message, {context_.random.bits64(), context_.random.bits64(), context_.random.bits64(),
                         context_.random.bits64()});
    }
    query.exchange.question_name =
        *DomainName::from_wire(std::span(message).subspan(12, query.exchange.question_name.wire_size()));
    QueryRequest request;
    request.server = query.address;
    request.transport = query.exchange.transport;
    request.query = message;
    request.timeout = query.timeout;
    context_.engine.start(request, *this, token);
  }

  void on_timer(std::uint32_t token) override {
    if (token == deadline_token) return end(DiscoveryOutcome::budget_exhausted);
    if (const auto waiting = pending_.find(token); waiting != pending_.end())
      return send(token, waiting->second);
    if (const auto timer = walk_timers_.find(token); timer != walk_timers_.end()) {
      const auto [chain, leg] = timer->second;
      walk_timers_.erase(timer);
      if (leg->walk) advance_walk(*chain, *leg);
      finish_if_complete();
    }
  }

  void on_result(std::uint32_t token, const QueryResult& result) override {
    const auto found = pending_.find(token);
    PendingQuery query = std::move(found->second);
    pending_.erase(found);
    Exchange& exchange = query.exchange;
    exchange.started = std::chrono::duration_cast<std::chrono::microseconds>(result.started - began_);
    exchange.took = result.took;
    exchange.bytes_sent = result.bytes_sent;
    exchange.bytes_received = result.bytes_received;
    exchange.outcome = result.outcome;
    exchange.system_error = result.system_error;
    exchange.ignored = result.ignored;
    if (result.message != nullptr) {
      exchange.response = read_response(*result.message, exchange.question_name, exchange.question_type);
    }
    remember(query);
    if (context_.totals != nullptr) context_.totals->count(exchange);
    if (interrupted_) return record(std::move(query));
    if (query.server == nullptr) {
      walk_step_done(std::move(query));
    } else {
      plan_step_done(std::move(query));
    }
    finish_if_complete();
  }

  /// Keeps what an exchange says about its server and about this machine's routes.
  void remember(const PendingQuery& query) {
    const MonotonicTime now = context_.engine.now();
    const Exchange& exchange = query.exchange;
    if (exchange.outcome == Outcome::no_route) context_.zones.put_no_route(query.address.ip.family(), now);
    ServerMemory& memory = context_.servers.of(query.address, now);
    if (exchange.response) {
      const bool refused = exchange.response->rcode == Rcode::refused;
      if (refused && memory.answered_before) memory.pace.slow_down();
      if (!refused) {
        memory.pace.recover();
        memory.answered_before = true;
      }
    } else if (exchange.outcome == Outcome::timed_out && memory.answered_before && !exchange.edns_sent &&
               exchange.transport == Transport::udp) {
      // A server that drops EDNS or TCP alone is not tired.
      memory.pace.slow_down();
    }
  }

  void record(PendingQuery query) {
    if (query.exchange.response) keep_evidence(*query.exchange.response);
    if (query.server != nullptr) {
      if (out_of_time_ && query.exchange.outcome == Outcome::interrupted) query.server->seen.cut_short = true;
      query.server->seen.exchanges.push_back(std::move(query.exchange));
    } else {
      query.leg->walk_exchanges.push_back({query.address, query.walk_zone, std::move(query.exchange)});
    }
  }

  void walk_step_done(PendingQuery query) {
    Exchange& exchange = query.exchange;
    const bool truncated =
        exchange.response && exchange.response->truncated && exchange.transport == Transport::udp;
    const bool edns_refused =
        exchange.edns_sent && exchange.response && refuses_edns(exchange.response->rcode);
    if (edns_refused || (exchange.edns_sent && exchange.outcome == Outcome::timed_out)) {
      const MonotonicTime now = context_.engine.now();
      context_.servers.of(query.address, now).plain_until = now + ServerMemory::plain_life;
    }
    if (!query.leg->walk) return record(std::move(query));
    if (truncated || edns_refused) {
      PendingQuery again = query;
      again.sent = false;
      again.exchange = {};
      again.exchange.purpose = exchange.purpose;
      again.exchange.question_name = exchange.question_name;
      again.exchange.question_type = exchange.question_type;
      again.exchange.transport = truncated ? Transport::tcp : Transport::udp;
      if (truncated) again.timeout = context_.settings.tcp_time;
      record(std::move(query));
      return send_in_turn(std::move(again));
    }
    query.leg->walk->finished(query.walk_ticket, exchange, context_.engine.now());
    advance_walk(*query.chain, *query.leg);
  }

  void plan_step_done(PendingQuery query) {
    const Exchange& exchange = query.exchange;
    PlannedOutcome outcome;
    outcome.purpose = exchange.purpose;
    outcome.transport = exchange.transport;
    outcome.outcome = exchange.outcome;
    if (exchange.response) {
      outcome.rcode = exchange.response->rcode;
      outcome.truncated = exchange.response->truncated;
    }
    query.server->plan.finished(outcome);
    std::vector<AliasRecord> aliases;
    if (exchange.response && exchange.response->authoritative && !is_about_zone(exchange)) {
      aliases = exchange.response->aliases;
    }
    ChainProbe& chain = *query.chain;
    LegProbe& leg = *query.leg;
    ServerProbe& server = *query.server;
    record(std::move(query));
    advance_plan(chain, leg, server);
    follow_aliases(chain, leg, aliases);
  }

  // ---- The end ----

  void finish_if_complete() {
    if (over_ || !pending_.empty()) return;
    for (const ChainProbe& chain : chains_) {
      for (const LegProbe& leg : chain.legs) {
        if (!leg.probing) return;
      }
    }
    finish();
  }

  [[nodiscard]] static Chain gather(const ChainProbe& chain) {
    Chain gathered;
    gathered.outcome = chain.outcome;
    for (const LegProbe& leg : chain.legs) {
      Leg& to = gathered.legs.emplace_back();
      to.owner = leg.owner;
      to.delegation = leg.delegation;
      auto& walked = to.delegation.exchanges;
      walked.insert(walked.end(), leg.walk_exchanges.begin(), leg.walk_exchanges.end());
      std::sort(walked.begin(), walked.end(), [](const WalkExchange& a, const WalkExchange& b) {
        return began_before(a.exchange, b.exchange);
      });
      for (const ServerProbe& server : leg.servers) {
        ServerObservation& seen = to.servers.emplace_back(server.seen);
        if (server.zone_facts_from != nullptr) {
          for (const Exchange& exchange : server.zone_facts_from->seen.exchanges) {
            if (is_about_zone(exchange)) seen.exchanges.push_back(exchange);
          }
          // What is left out when exchanges run short is the questions about the zone.
          seen.cut_short = seen.cut_short || server.zone_facts_from->seen.cut_short;
        }
        std::sort(seen.exchanges.begin(), seen.exchanges.end(), began_before);
      }
    }
    return gathered;
  }

  void finish() {
    over_ = true;
    context_.engine.interrupt(*this);  // the timers that are left
    if (!finished_) return;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(context_.engine.now() - began_);
    Chain adsp;
    if (chains_.size() > selectors_.size()) adsp = gather(chains_.back());
    std::vector<Observation> observations;
    for (std::size_t i = 0; i < selectors_.size(); ++i) {
      Observation& observation = observations.emplace_back();
      observation.domain = domain_;
      observation.selector = selectors_[i];
      observation.observed_at = observed_at_;
      observation.took = took;
      observation.key = gather(chains_[i]);
      observation.adsp = adsp;
      observation.is_light = light_.has_value();
      if (!observation.is_light) observation.sibling_name = sibling_;
    }
    std::exchange(finished_, nullptr)(std::move(observations));
  }

  ProbeContext context_;
  std::optional<LightRound> light_;
  DomainName domain_;
  std::vector<config::Selector> selectors_;
  WallTime observed_at_;
  MonotonicTime began_;
  Finished finished_;
  std::optional<DomainName> sibling_{};
  std::deque<ChainProbe> chains_{};  ///< one a selector, then ADSP
  std::map<std::pair<ServerAddress, DomainName>, const ServerProbe*>
      zone_facts_{};  ///< who asks about a zone
  std::unordered_map<std::uint32_t, PendingQuery> pending_{};
  std::unordered_map<std::uint32_t, std::pair<ChainProbe*, LegProbe*>> walk_timers_{};
  std::uint32_t next_token_ = deadline_token + 1;
  bool interrupted_ = false;
  bool out_of_time_ = false;
  bool over_ = false;
};

Round::Round(ProbeContext context, config::DomainName domain, std::vector<config::Selector> selectors,
             WallTime observed_at, Finished finished, std::optional<LightRound> light)
    : state_(std::make_unique<State>(context, std::move(domain), std::move(selectors), observed_at,
                                     std::move(finished), std::move(light))) {}
Round::~Round() = default;
void Round::start() {
  state_->start();
}
void Round::interrupt() {
  state_->interrupt();
}

}  // namespace dkimprobe::probe
