#include "probe/collection/domain_probe.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "probe/collection/chain_probe.hpp"
#include "probe/collection/evidence_memory.hpp"
#include "probe/collection/hop_servers.hpp"
#include "probe/discovery/delegation_walk.hpp"
#include "probe/discovery/trust_search.hpp"
#include "probe/wire/response_reader.hpp"

namespace dkimprobe::probe {
namespace {

using config::DomainName;
using config::ServerAddress;

/// What a question is asked for.
struct AskedFor {
  ChainProbe* chain = nullptr;
  HopProbe* hop = nullptr;
  ServerProbe* server = nullptr;  ///< null for a question of the hop's walk or of a gate
  WatchedGate* gate = nullptr;
  TrustSearch* trust = nullptr;
  TrustSearch::Query trust_query{};
  std::uint32_t walk_ticket = 0;
  DomainName walk_zone{};
  ServerAddress address{};
};

/// A name beside the selectors that nobody has published.
std::optional<DomainName> wildcard_probe_of(const DomainName& domain, RandomBits& random) {
  const auto domainkey = config::domainkey_name(domain);
  return domainkey ? domainkey->child("dkimprobe-" + random.label(10)) : std::nullopt;
}

}  // namespace

class DomainProbe::State final : public QueryHandler, private Asker {
 public:
  State(ProbeContext context, DomainName domain, std::vector<config::Selector> selectors,
        WallTime observed_at, Finished finished, std::optional<QuickProbe> quick)
      : context_(context),
        quick_(std::move(quick)),
        domain_(std::move(domain)),
        selectors_(std::move(selectors)),
        observed_at_(observed_at),
        began_(context.engine.now()),
        finished_(std::move(finished)),
        wildcard_probe_(wildcard_probe_of(domain_, context_.random)),
        hop_servers_(context_, quick_.has_value(), wildcard_probe_),
        questioner_(context_, began_, *this) {
    for (const config::Selector& selector : selectors_)
      add_chain(selector.owner_name(domain_).value(), false);
    if (quick_) return;
    if (const auto adsp = config::adsp_name(domain_)) add_chain(*adsp, true);
  }

  ~State() {
    finished_ = nullptr;
    interrupt();
  }

  void start() {
    call_at(began_ + context_.settings.budgets.domain_time,
            [this] { end(DiscoveryOutcome::budget_exhausted); });
    // The first walk fills the cache with the zones that the others share.
    begin_hop(chains_.front(), chains_.front().hops.front());
    finish_if_complete();
  }

  void interrupt() { end(DiscoveryOutcome::interrupted); }

 private:
  /// Ends the probe with what was seen. `why` is the outcome of the walks that were not over: the operator
  /// interrupted them, or the domain's time or memory ran out.
  void end(DiscoveryOutcome why) {
    if (over_) return;
    interrupted_ = true;
    limit_reached_ = why == DiscoveryOutcome::budget_exhausted;
    if (limit_reached_ && !size_exhausted_) rate_shortage_ = questioner_.rate_shortage();
    questioner_.give_up_all();
    for (ChainProbe& chain : chains_) {
      for (HopProbe& hop : chain.hops) {
        if (hop.probing) continue;
        if (hop.walk) {
          hop.walk->interrupt();
          take_delegation(hop);
        }
        hop.delegation.outcome = why;
        hop.probing = true;
        if (chain.outcome == ChainOutcome::complete) chain.outcome = ChainOutcome::interrupted;
      }
    }
    finish();
  }

  void add_chain(const DomainName& name, bool is_adsp) {
    ChainProbe& chain = chains_.emplace_back();
    chain.is_adsp = is_adsp;
    chain.hops.emplace_back().owner = name;
  }

  // ---- Finding the servers of a hop ----

  void begin_hop(ChainProbe& chain, HopProbe& hop) {
    if (!context_.settings.pinned_servers.empty() && hop.owner.is_at_or_below(domain_)) {
      hop.delegation = pinned_delegation(domain_, context_.settings.pinned_servers);
      return begin_probing(chain, hop);
    }
    if (quick_ && quick_->last_full) {
      if (auto known = known_delegation(hop.owner, *quick_->last_full, observed_at_)) {
        hop.delegation = std::move(*known);
        return begin_probing(chain, hop);
      }
    }
    hop.walk.emplace(hop.owner, context_.settings, context_.zones, context_.registry_use,
                     context_.engine.now());
    advance_walk(chain, hop);
  }

  void advance_walk(ChainProbe& chain, HopProbe& hop) {
    for (const WalkQuestion& ask : hop.walk->next(context_.engine.now())) ask_for_walk(chain, hop, ask);
    if (!hop.walk->done()) return wake_walk(chain, hop);
    take_delegation(hop);
    begin_probing(chain, hop);
  }

  /// Sets a timer that continues the walk even if nothing happens before.
  void wake_walk(ChainProbe& chain, HopProbe& hop) {
    const MonotonicTime wake = hop.walk->wake();
    if (hop.wake_at <= wake && hop.wake_at > context_.engine.now()) return;
    hop.wake_at = wake;
    call_at(wake, [this, &chain, &hop] {
      if (hop.walk) advance_walk(chain, hop);
      finish_if_complete();
    });
  }

  void take_delegation(HopProbe& hop) {
    hop.delegation = hop.walk->take_result();
    hop.walk.reset();
    std::vector<std::uint32_t> left;
    for (const auto& [number, asked_for] : asked_) {
      if (asked_for.hop == &hop && asked_for.server == nullptr) left.push_back(number);
    }
    for (const std::uint32_t number : left) questioner_.give_up(number);
  }

  // ---- Asking the servers of a hop ----

  void begin_probing(ChainProbe& chain, HopProbe& hop) {
    hop.probing = true;
    // A walk that ended at the root or at a top-level domain found no server that could hold the name.
    const bool too_high =
        hop.delegation.outcome == DiscoveryOutcome::no_servers && hop.delegation.zone.label_count() <= 1;
    const bool intercepted = hop.delegation.outcome == DiscoveryOutcome::intercepted;
    if (!too_high && !intercepted) hop_servers_.add(chain, hop);
    search_trust(chain, hop);
    for (ServerProbe& server : hop.servers) {
      if (server.seen.not_asked == NotAsked::asked) begin_server(chain, hop, server);
    }
    if (&hop != &chains_.front().hops.front()) return;
    for (std::size_t i = 1; i < chains_.size(); ++i) {
      HopProbe& other = chains_[i].hops.front();
      if (intercepted) {
        other.delegation = hop.delegation;
        other.delegation.exchanges.clear();
        other.probing = true;
      } else {
        begin_hop(chains_[i], other);
      }
    }
  }

  // ---- What proves the keys of the zone ----

  void search_trust(ChainProbe& chain, HopProbe& hop) {
    const bool is_wanted = context_.settings.collects_signatures && !quick_ && !chain.is_adsp &&
                           hop.delegation.outcome == DiscoveryOutcome::complete;
    if (!is_wanted) return;
    const auto [place, is_new] = trust_.try_emplace(hop.delegation.zone, hop.delegation, context_.settings,
                                                    context_.zones, context_.engine.now(), observed_at_);
    hop.trust = &place->second;
    if (!is_new) return;
    for (const TrustSearch::Query& query : place->second.begin()) ask_for_trust(chain, hop, query);
  }

  void ask_for_trust(ChainProbe& chain, HopProbe& hop, const TrustSearch::Query& query) {
    Question question;
    question.server = query.server;
    question.zone = query.zone;
    question.name = query.name;
    question.type = query.type;
    question.purpose = query.type == RecordType::ds ? Purpose::zone_ds : Purpose::zone_dnskey;
    question.edns = true;
    question.falls_back = true;
    question.attempts = 2;
    question.first_wait = context_.settings.initial_timeout;
    asked_.emplace(questioner_.ask(question), AskedFor{.chain = &chain,
                                                       .hop = &hop,
                                                       .trust = hop.trust,
                                                       .trust_query = query,
                                                       .walk_zone = query.zone,
                                                       .address = query.server});
  }

  void trust_step_done(const AskedFor& asked_for, AskedQuestion asked) {
    std::optional<TrustSearch::Query> next;
    if (!interrupted_)
      next = asked_for.trust->finished(asked_for.trust_query, asked.answer(), context_.engine.now());
    for (Exchange& exchange : asked.exchanges) {
      if (exchange.response) exchange.response->sets.clear();  // the search has them
      record(asked_for, std::move(exchange));
    }
    if (next) ask_for_trust(*asked_for.chain, *asked_for.hop, *next);
  }

  // ---- Whether a server may be asked for the name ----

  void begin_server(ChainProbe& chain, HopProbe& hop, ServerProbe& server) {
    if (server.gate == nullptr) return advance_plan(chain, hop, server);
    switch (server.gate->gate.state()) {
      case NameGate::State::open:
        return advance_plan(chain, hop, server);
      case NameGate::State::shut:
        return keep_name_from(hop, server);
      case NameGate::State::asking:
        server.gate->waiting.push_back({&chain, &hop, &server});
        return;
      case NameGate::State::idle:
        server.gate->waiting.push_back({&chain, &hop, &server});
        return ask_before_gate(*server.gate, server.gate->gate.begin());
    }
  }

  void ask_before_gate(WatchedGate& gate, const NameGate::Query& next) {
    if (next.delay.count() > 0) {
      ++delayed_gates_;
      return call_at(context_.engine.now() + next.delay, [this, &gate, name = next.name] {
        --delayed_gates_;
        ask_before_gate(gate, {name, {}});
      });
    }
    Question question;
    question.server = gate.gate.server();
    question.zone = gate.gate.zone();
    question.name = next.name;
    question.type = RecordType::soa;
    question.purpose = Purpose::zone_soa;
    question.falls_back = true;
    question.attempts = static_cast<std::uint8_t>(context_.settings.attempts);
    question.first_wait = context_.settings.initial_timeout;
    asked_.emplace(questioner_.ask(question), AskedFor{.gate = &gate, .address = question.server});
  }

  void gate_step_done(WatchedGate& gate, AskedQuestion asked) {
    for (Exchange& exchange : asked.exchanges) {
      if (exchange.response) keep_evidence(*exchange.response);
      memory_ += memory_of(exchange) * selectors_.size();
      gate.exchanges.push_back(exchange);
    }
    const Exchange& answer = asked.answer();
    if (answer.question_name == gate.gate.zone()) gate.soa = answer.outcome;
    for (const auto& [chain, hop, server] : gate.waiting) {
      if (!interrupted_) break;
      server->seen.exchanges = gate.exchanges;
      server->seen.cut_short = limit_reached_;
    }
    if (interrupted_) return;
    if (const auto next = gate.gate.finished(answer)) return ask_before_gate(gate, *next);
    bool first = true;
    for (const auto& [chain, hop, server] : std::exchange(gate.waiting, {})) {
      if (gate.gate.state() == NameGate::State::shut) {
        keep_name_from(*hop, *server);
        continue;
      }
      if (std::exchange(first, false)) {
        server->seen.exchanges = gate.exchanges;
        if (gate.soa) server->plan.soa_was_asked(*gate.soa);
      }
      advance_plan(*chain, *hop, *server);
    }
  }

  /// For servers that the operator named, no walk detects an interception. If each of them answers as a
  /// resolver, the outcome is `intercepted`.
  static void keep_name_from(HopProbe& hop, ServerProbe& server) {
    server.seen.not_asked = NotAsked::answers_as_resolver;
    server.seen.exchanges = server.gate->exchanges;
    Delegation& delegation = hop.delegation;
    const auto may_be_asked = [](const ServerProbe& each) { return each.seen.not_asked == NotAsked::asked; };
    if (delegation.outcome != DiscoveryOutcome::pinned || std::ranges::any_of(hop.servers, may_be_asked))
      return;
    delegation.outcome = DiscoveryOutcome::intercepted;
    Interception& seen = delegation.interception.emplace_back();
    seen.sign = InterceptionSign::recursion_available;
    for (const ServerProbe& each : hop.servers) {
      if (each.seen.not_asked == NotAsked::answers_as_resolver) seen.servers.push_back(each.seen.address);
    }
  }

  void advance_plan(ChainProbe& chain, HopProbe& hop, ServerProbe& server) {
    const DomainName& zone = server.seen.stray_of ? *server.seen.stray_of : hop.delegation.zone;
    for (const PlannedQuestion& planned : server.plan.next()) {
      Question question;
      question.server = server.seen.address;
      question.zone = zone;
      question.purpose = planned.purpose;
      question.transport = planned.transport;
      question.edns = planned.edns;
      question.last_without_edns = planned.last_without_edns;
      question.attempts = planned.attempts;
      question.first_wait = planned.first_wait;
      question.name = hop.owner;
      question.type = RecordType::txt;
      if (planned.purpose == Purpose::zone_soa || planned.purpose == Purpose::zone_ns ||
          planned.purpose == Purpose::zone_dnskey) {
        question.name = zone;
        question.type = planned.purpose == Purpose::zone_soa  ? RecordType::soa
                        : planned.purpose == Purpose::zone_ns ? RecordType::ns
                                                              : RecordType::dnskey;
      } else if (planned.purpose == Purpose::wildcard_probe) {
        question.name = *wildcard_probe_;
      } else if (planned.purpose == Purpose::domainkey) {
        question.name = wildcard_probe_->parent();
      }
      asked_.emplace(questioner_.ask(question),
                     AskedFor{.chain = &chain, .hop = &hop, .server = &server, .address = question.server});
    }
    server.seen.cut_short = server.plan.cut_short();
  }

  /// Adds a hop for each alias of the name itself that an authoritative server returned.
  void follow_aliases(ChainProbe& chain, const HopProbe& hop, const std::vector<AliasRecord>& aliases) {
    for (const AliasRecord& alias : aliases) {
      const std::pair<DomainName, DomainName> step(hop.owner, alias.target);
      if (std::find(chain.aliases.begin(), chain.aliases.end(), step) != chain.aliases.end()) continue;
      if (chain.leads_to(alias.target, hop.owner)) {
        chain.outcome = ChainOutcome::loop;
        continue;
      }
      const bool known_hop = std::any_of(chain.hops.begin(), chain.hops.end(),
                                         [&](const HopProbe& known) { return known.owner == alias.target; });
      if (!known_hop && chain.hops.size() > context_.settings.budgets.chain_steps) {
        if (chain.outcome == ChainOutcome::complete) chain.outcome = ChainOutcome::too_long;
        continue;
      }
      // Keep only aliases between hops, so that a server that keeps inventing aliases cannot use up memory.
      chain.aliases.push_back(step);
      if (known_hop) continue;
      HopProbe& next = chain.hops.emplace_back();
      next.owner = alias.target;
      begin_hop(chain, next);
    }
  }

  // ---- Questions ----

  void ask_for_walk(ChainProbe& chain, HopProbe& hop, const WalkQuestion& ask) {
    const MonotonicTime now = context_.engine.now();
    Question question;
    question.server = ask.server;
    question.zone = ask.zone;
    question.name = ask.name;
    question.type = ask.type;
    question.purpose = ask.purpose;
    // EDNS makes room for the glue of a large referral.
    question.edns = !context_.servers.of(ask.server, now).is_plain_only(now);
    question.last_without_edns = true;
    question.falls_back = true;
    question.attempts = ask.attempts;
    question.first_wait = ask.first_wait;
    asked_.emplace(questioner_.ask(question), AskedFor{.chain = &chain,
                                                       .hop = &hop,
                                                       .walk_ticket = ask.ticket,
                                                       .walk_zone = ask.zone,
                                                       .address = ask.server});
  }

  void call_at(MonotonicTime time, std::function<void()> call) {
    timers_.emplace(next_token_, std::move(call));
    context_.engine.call_at(time, *this, next_token_++);
  }
  void on_timer(std::uint32_t token) override { timers_.extract(token).mapped()(); }
  void on_result(std::uint32_t, const QueryResult&) override {}

  bool may_repeat(std::uint32_t question) override {
    ServerProbe* const server = asked_.at(question).server;
    if (server == nullptr) return true;
    const bool may = server->plan.may_repeat();
    server->seen.cut_short = server->plan.cut_short();
    return may;
  }

  void on_asked(std::uint32_t question, AskedQuestion asked) override {
    const AskedFor asked_for = std::move(asked_.extract(question).mapped());
    if (asked_for.gate != nullptr) {
      gate_step_done(*asked_for.gate, std::move(asked));
    } else if (asked_for.trust != nullptr) {
      trust_step_done(asked_for, std::move(asked));
    } else if (asked_for.server != nullptr) {
      plan_step_done(asked_for, std::move(asked));
    } else {
      walk_step_done(asked_for, std::move(asked));
    }
    if (interrupted_) return;
    if (memory_ > most_memory(selectors_.size())) {
      size_exhausted_ = true;
      return end(DiscoveryOutcome::budget_exhausted);
    }
    finish_if_complete();
  }

  /// Counts an exchange as often as the observations will hold it.
  void count_memory(const AskedFor& asked_for, const Exchange& exchange) {
    const bool is_shared =
        asked_for.server != nullptr && (asked_for.chain->is_adsp || is_about_zone(exchange));
    memory_ += memory_of(exchange) * (is_shared ? selectors_.size() : 1U);
  }

  void record(const AskedFor& asked_for, Exchange exchange) {
    if (exchange.response) keep_evidence(*exchange.response);
    count_memory(asked_for, exchange);
    if (asked_for.server != nullptr) {
      if (limit_reached_ && exchange.outcome == Outcome::interrupted) asked_for.server->seen.cut_short = true;
      asked_for.server->seen.exchanges.push_back(std::move(exchange));
    } else {
      asked_for.hop->walk_exchanges.push_back({asked_for.address, asked_for.walk_zone, std::move(exchange)});
    }
  }

  void walk_step_done(const AskedFor& asked_for, AskedQuestion asked) {
    const bool is_wanted = asked_for.hop->walk && !interrupted_;
    for (std::size_t i = 0; i < asked.exchanges.size(); ++i) {
      if (i == asked.deciding && is_wanted) continue;
      if (asked.exchanges[i].response) asked.exchanges[i].response->sets.clear();
      record(asked_for, std::move(asked.exchanges[i]));
    }
    if (!is_wanted) return;
    count_memory(asked_for, asked.answer());
    asked_for.hop->walk->finished(asked_for.walk_ticket, asked.answer(), context_.engine.now());
    advance_walk(*asked_for.chain, *asked_for.hop);
  }

  void plan_step_done(const AskedFor& asked_for, AskedQuestion asked) {
    const Exchange& answer = asked.answer();
    PlannedOutcome outcome;
    outcome.purpose = answer.purpose;
    outcome.transport = answer.transport;
    outcome.edns = answer.edns_sent;
    outcome.outcome = answer.outcome;
    outcome.met_malformed =
        std::any_of(asked.exchanges.begin(), asked.exchanges.end(),
                    [](const Exchange& exchange) { return exchange.outcome == Outcome::malformed; });
    std::vector<AliasRecord> aliases;
    if (answer.response) {
      outcome.rcode = answer.response->rcode;
      outcome.truncated = answer.response->truncated;
      if (answer.response->authoritative && !is_about_zone(answer)) aliases = answer.response->aliases;
    }
    for (Exchange& exchange : asked.exchanges) record(asked_for, std::move(exchange));
    if (interrupted_) return;
    asked_for.server->plan.finished(outcome);
    advance_plan(*asked_for.chain, *asked_for.hop, *asked_for.server);
    follow_aliases(*asked_for.chain, *asked_for.hop, aliases);
  }

  // ---- The end ----

  void finish_if_complete() {
    if (over_ || !asked_.empty() || delayed_gates_ > 0) return;
    for (const ChainProbe& chain : chains_) {
      for (const HopProbe& hop : chain.hops) {
        if (!hop.probing) return;
      }
    }
    finish();
  }

  void finish() {
    over_ = true;
    context_.engine.interrupt(*this);  // the remaining timers
    if (!finished_) return;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(context_.engine.now() - began_);
    Chain adsp;
    if (chains_.size() > selectors_.size()) adsp = gather(chains_.back());
    if (rate_shortage_) rate_shortage_->selectors = static_cast<std::uint32_t>(selectors_.size());
    std::vector<Observation> observations;
    for (std::size_t i = 0; i < selectors_.size(); ++i) {
      Observation& observation = observations.emplace_back();
      observation.domain = domain_;
      observation.selector = selectors_[i];
      observation.observed_at = observed_at_;
      observation.took = took;
      observation.key = gather(chains_[i]);
      observation.adsp = adsp;
      observation.is_quick = quick_.has_value();
      observation.rate_shortage = rate_shortage_;
      observation.size_exhausted = size_exhausted_;
      if (!observation.is_quick) observation.wildcard_name = wildcard_probe_;
    }
    std::exchange(finished_, nullptr)(std::move(observations));
  }

  ProbeContext context_;
  std::optional<QuickProbe> quick_;
  DomainName domain_;
  std::vector<config::Selector> selectors_;
  WallTime observed_at_;
  MonotonicTime began_;
  Finished finished_;
  std::optional<DomainName> wildcard_probe_;
  HopServers hop_servers_;
  std::map<DomainName, TrustSearch> trust_{};            ///< by zone
  std::deque<ChainProbe> chains_{};                      ///< one for each selector, then ADSP
  std::unordered_map<std::uint32_t, AskedFor> asked_{};  ///< by the questioner's question number
  std::unordered_map<std::uint32_t, std::function<void()>> timers_{};  ///< by token
  std::uint32_t next_token_ = 0;
  std::uint32_t delayed_gates_ = 0;  ///< whose next question waits for its delay
  bool interrupted_ = false;
  bool limit_reached_ = false;  ///< the domain's time or memory ran out
  bool size_exhausted_ = false;
  std::size_t memory_ = 0;  ///< of the exchanges so far, in octets
  bool over_ = false;
  std::optional<RateShortage> rate_shortage_{};
  Questioner questioner_;
};

DomainProbe::DomainProbe(ProbeContext context, config::DomainName domain,
                         std::vector<config::Selector> selectors, WallTime observed_at, Finished finished,
                         std::optional<QuickProbe> quick)
    : state_(std::make_unique<State>(context, std::move(domain), std::move(selectors), observed_at,
                                     std::move(finished), std::move(quick))) {}
DomainProbe::~DomainProbe() = default;
void DomainProbe::start() {
  state_->start();
}
void DomainProbe::interrupt() {
  state_->interrupt();
}

}  // namespace dkimprobe::probe
